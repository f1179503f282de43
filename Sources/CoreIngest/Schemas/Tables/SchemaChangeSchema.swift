/// The schema of the event that announces a table's new schema.
package enum SchemaChangeSchema {
    package static let name: SchemaName = {
        guard let name = SchemaName(vendor: "io.silverton.buz", name: "schema_change", version: .first) else {
            preconditionFailure("The name is well formed.")
        }
        return name
    }()

    package static let text = """
        {
          "$schema": "http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#",
          "self": {"vendor": "io.silverton.buz", "name": "schema_change", "format": "jsonschema", "version": "1-0-0"},
          "description": "From here on, rows of a table have another schema",
          "type": "object",
          "properties": {
            "database": {"type": "string"},
            "schema": {"type": "string", "description": "The schema of the database that the table lies in"},
            "table": {"type": "string"},
            "from": {"type": "string", "description": "Name of the schema that was derived from the table before"},
            "to": {"type": "string", "description": "Name of the schema that is derived from it now"},
            "class": {
              "enum": ["addition", "revision", "model"],
              "description": "addition: the new schema accepts all that the old one did; revision: older rows may fail it, though each value still has its form; model: values have another form, or rows another key, or a column another name"
            },
            "added": {"type": "array", "items": {"$ref": "#/definitions/column"}},
            "removed": {"type": "array", "items": {"$ref": "#/definitions/column"}},
            "renamed": {
              "type": "array",
              "items": {
                "type": "object",
                "properties": {"from": {"type": "string"}, "to": {"type": "string"}},
                "required": ["from", "to"], "additionalProperties": false
              }
            },
            "changed": {
              "type": "array",
              "description": "Columns with another type, other labels, or another nullability",
              "items": {
                "type": "object",
                "properties": {
                  "name": {"type": "string"},
                  "from": {"$ref": "#/definitions/type"},
                  "to": {"$ref": "#/definitions/type"}
                },
                "required": ["name", "from", "to"], "additionalProperties": false
              }
            },
            "key": {
              "type": "object",
              "description": "Only where the key is another: its columns",
              "properties": {
                "from": {"type": "array", "items": {"type": "string"}},
                "to": {"type": "array", "items": {"type": "string"}}
              },
              "required": ["from", "to"], "additionalProperties": false
            },
            "reasons": {"type": "array", "items": {"type": "string"}, "description": "One line for each change, for people"}
          },
          "required": ["database", "schema", "table", "from", "to", "class", "added", "removed", "renamed", "changed", "reasons"],
          "additionalProperties": false,
          "definitions": {
            "type": {
              "type": "object",
              "properties": {
                "type": {"type": "string", "description": "As SQL writes it"},
                "nullable": {"type": "boolean"},
                "labels": {"type": "array", "items": {"type": "string"}, "description": "Of an enum"}
              },
              "required": ["type", "nullable"], "additionalProperties": false
            },
            "column": {
              "type": "object",
              "properties": {
                "name": {"type": "string"},
                "type": {"type": "string", "description": "As SQL writes it"},
                "nullable": {"type": "boolean"},
                "labels": {"type": "array", "items": {"type": "string"}, "description": "Of an enum"}
              },
              "required": ["name", "type", "nullable"], "additionalProperties": false
            }
          }
        }

        """
}
