"""Schemas and instances of our own making that resemble real ones."""
import random

from schema_instances import Maker, mutations

COLUMNS = {"type": "object", "additionalProperties": False, "required": ["id"], "properties": {
    "id": {"type": "integer"}, "customer_id": {"type": ["integer", "null"]}, "status": {"type": ["string", "null"], "maxLength": 20},
    "total": {"type": ["number", "null"]}, "currency": {"type": ["string", "null"], "maxLength": 3}, "paid": {"type": ["boolean", "null"]},
    "note": {"type": ["string", "null"]}, "created_at": {"type": ["string", "null"], "format": "date-time"},
    "updated_at": {"type": ["string", "null"], "format": "date-time"}, "version": {"type": ["integer", "null"], "minimum": 0}}}
LINE = {"type": "object", "required": ["sku", "quantity", "price"], "additionalProperties": False, "properties": {
    "sku": {"type": "string", "minLength": 1, "maxLength": 32}, "quantity": {"type": "integer", "minimum": 1, "maximum": 1000},
    "price": {"type": "number", "minimum": 0}, "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 5}}}
ORDER = {"type": "object", "required": ["id", "customer", "lines"], "properties": {
    "id": {"type": "string"}, "lines": {"type": "array", "minItems": 3, "maxItems": 8, "items": LINE},
    "customer": {"type": "object", "required": ["name", "address"], "properties": {
        "name": {"type": "string"}, "email": {"type": "string", "format": "email"},
        "address": {"type": "object", "required": ["street", "city"], "properties": {
            "street": {"type": "string"}, "city": {"type": "string"}, "zip": {"type": "string"}, "country": {"enum": ["DE", "FR", "NL", "US"]}}}}}}}
CLOUDEVENT = {"type": "object", "required": ["id", "source", "specversion", "type"], "properties": {
    "id": {"type": "string", "minLength": 1}, "source": {"type": "string", "minLength": 1}, "specversion": {"const": "1.0"},
    "type": {"type": "string", "minLength": 1}, "datacontenttype": {"type": ["string", "null"]}, "dataschema": {"type": ["string", "null"]},
    "subject": {"type": ["string", "null"], "minLength": 1}, "time": {"type": ["string", "null"]}, "data": {"type": ["object", "null"]}}}
POSITION = {"type": "array", "minItems": 2, "items": {"type": "number"}}
GEOMETRY = {"oneOf": [
    {"type": "object", "required": ["type", "coordinates"], "properties": {"type": {"const": "Point"}, "coordinates": POSITION}},
    {"type": "object", "required": ["type", "coordinates"], "properties": {
        "type": {"const": "LineString"}, "coordinates": {"type": "array", "minItems": 2, "items": POSITION}}},
    {"type": "object", "required": ["type", "coordinates"], "properties": {
        "type": {"const": "Polygon"}, "coordinates": {"type": "array", "items": {"type": "array", "minItems": 4, "items": POSITION}}}}]}
FEATURES = {"type": "object", "required": ["type", "features"], "properties": {
    "type": {"const": "FeatureCollection"}, "features": {"type": "array", "minItems": 4, "items": {
        "type": "object", "required": ["type", "geometry", "properties"],
        "properties": {"type": {"const": "Feature"}, "geometry": GEOMETRY, "properties": {"type": ["object", "null"]}}}}}}
PAYLOAD = {"type": "object", "required": ["schema", "data"], "additionalProperties": False, "properties": {
    "schema": {"type": "string", "pattern": "^iglu:[a-zA-Z0-9-_.]+/[a-zA-Z0-9-_]+/[a-zA-Z0-9-_]+/[0-9]+-[0-9]+-[0-9]+$"},
    "data": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["tv", "p", "e"], "additionalProperties": False,
             "properties": {name: {"type": "string"} for name in (
                 "tv p e aid eid url page refr tna uid duid nuid tnuid vid sid dtm stm ttm tz lang cs ua res vp ds cd cookie ip co cx ue_pr "
                 "ue_px se_ca se_ac se_la se_pr se_va pp_mix pp_max pp_miy pp_may").split()}}}}}
TAGGED = {"oneOf": [{"type": "object", "required": ["kind", f"f{n}"], "additionalProperties": False, "properties": {
    "kind": {"const": f"kind{n}"}, f"f{n}": {"type": "string"}, "amount": {"type": "integer"}}} for n in range(12)]}
TREE = {"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "required": ["value", "children"], "properties": {
    "value": {"type": "integer"}, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}}}}}
ENUMS = {"type": "object", "properties": {f"e{n}": {"enum": [f"value_{i}" for i in range(3 + 8 * n)]} for n in range(8)}}
PATTERNS = {"type": "object", "properties": {
    "id": {"type": "string", "pattern": "^[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$"},
    "slug": {"type": "string", "pattern": "^[a-z0-9]+(?:-[a-z0-9]+)*$"}, "version": {"type": "string", "pattern": "^\\d+\\.\\d+\\.\\d+$"}},
    "patternProperties": {"^x-": {"type": "string"}, "_at$": {"type": "integer"}}, "additionalProperties": False}
UNEVALUATED = {"allOf": [{"properties": {"id": {"type": "integer"}}}, {"properties": {"name": {"type": "string"}}}],
               "anyOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"b": {"type": "string"}}}],
               "properties": {"own": {}}, "unevaluatedProperties": False}
META = {"$dynamicAnchor": "meta", "type": ["object", "boolean"], "properties": {
    "type": {"anyOf": [{"$ref": "#/$defs/kind"}, {"type": "array", "items": {"$ref": "#/$defs/kind"}, "uniqueItems": True, "minItems": 1}]},
    "properties": {"type": "object", "additionalProperties": {"$dynamicRef": "#meta"}}, "items": {"$dynamicRef": "#meta"},
    "required": {"type": "array", "items": {"type": "string"}, "uniqueItems": True}, "enum": {"type": "array"},
    "minimum": {"type": "number"}, "maximum": {"type": "number"}, "maxLength": {"type": "integer", "minimum": 0},
    "minLength": {"type": "integer", "minimum": 0}, "minItems": {"type": "integer", "minimum": 0}, "additionalProperties": {"$dynamicRef": "#meta"},
    "oneOf": {"type": "array", "minItems": 1, "items": {"$dynamicRef": "#meta"}}, "const": True, "format": {"type": "string"}},
    "$defs": {"kind": {"enum": ["array", "boolean", "integer", "null", "number", "object", "string"]}}}


def tree(chance, depth):
    return {"value": chance.randint(0, 99), "children": [tree(chance, depth - 1) for _ in range(3)] if depth else []}


def sets():
    """Name, dialect, schema, instances: valid ones, and one broken in eight."""
    chance = random.Random(11)
    uuid = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    own = {
        "recursive tree": ("2020", TREE, [tree(chance, depth) for depth in (1, 2, 3)]),
        "patterns": ("2020", PATTERNS, [{"id": uuid, "slug": f"a-slug-of-{n}-words", "version": "1.20.300", "x-note": "n", "made_at": n}
                                         for n in range(8)]),
        "unevaluated": ("2020", UNEVALUATED, [{"id": 1, "name": "n", "a": 2, "b": "t", "own": None}, {"id": 1, "b": "t"}, {"id": 1, "c": 2}]),
        "snowplow payload": ("7", PAYLOAD, [{"schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4", "data": [
            {"e": "pv", "p": "web", "tv": "js-3.0.0", "url": "https://example.com/", "page": "Home", "aid": "shop", "eid": uuid, "dtm": "1700000000000",
             "lang": "en", "vp": "1200x800", "ds": "1200x3000", "cs": "UTF-8", "res": "1920x1080", "duid": uuid}] * 3}]),
        "metaschema": ("2020", META, [ORDER, COLUMNS, CLOUDEVENT, PAYLOAD, LINE]),
        "geojson": ("7", FEATURES, [{"type": "FeatureCollection", "features": [
            {"type": "Feature", "properties": {"n": n}, "geometry": {"type": "Polygon", "coordinates": [[[n + i / 7, i / 3] for i in range(12)]]}}
            for n in range(20)]}]),
    }
    for name, dialect, schema in (("row of ten columns", "2020", COLUMNS), ("nested order", "7", ORDER), ("cloudevent", "7", CLOUDEVENT),
                                  ("oneOf with a tag", "2020", TAGGED), ("enums", "7", ENUMS)):
        maker = Maker(schema, 3)
        made = [maker.make() for _ in range(14)]
        yield name, dialect, schema, made + mutations(made[0], maker.random, 2)
    for name, (dialect, schema, instances) in own.items():
        yield name, dialect, schema, instances
