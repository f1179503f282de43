// SinkTesting
