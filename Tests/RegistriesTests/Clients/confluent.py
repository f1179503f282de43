"""Confluent's own client at a schema registry: registers a schema, reads what another has published, and asks all that it can ask.

Usage: confluent.py URL FOREIGN OWN: FOREIGN is a subject with one schema already, OWN one that is new."""
import json
import sys

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

url, foreign, own = sys.argv[1:]
client = SchemaRegistryClient({"url": url})
text = json.dumps({"type": "object", "title": 'título "quoted" \\ back', "properties": {"a": {"type": "integer"}}})
number = client.register_schema(own, Schema(text, schema_type="JSON"))
assert client.register_schema(own, Schema(text, schema_type="JSON")) == number, "the same again has another number"
assert client.get_schema(number).schema_str == text, "by number comes another text"
latest = client.get_latest_version(own)
assert (latest.version, latest.schema_id, latest.schema.schema_str, latest.schema.schema_type) == (1, number, text, "JSON"), latest
assert client.lookup_schema(own, Schema(text, schema_type="JSON")).version == 1
assert client.get_versions(own) == [1]
assert {foreign, own} <= set(client.get_subjects()), client.get_subjects()
print(client.get_version(foreign, 1).schema.schema_str)
