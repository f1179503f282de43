// LogicalDecoding
