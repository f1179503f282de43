"""Schemas from all keywords of each dialect, in combinations made by chance."""
import random

from schema_instances import ANY, STRINGS, changed

ALL = [
    {"type": "string"}, {"type": ["integer", "null"]}, {"type": "number"}, {"type": "object"}, {"type": ["array", "boolean"]},
    {"enum": [1, "a", None, [1], {"a": 1}]}, {"enum": ["a", "abc"]}, {"multipleOf": 2}, {"multipleOf": 0.5}, {"maximum": 3}, {"minimum": 1},
    {"maxLength": 3}, {"minLength": 2}, {"pattern": "^[a-z]+$"}, {"pattern": "\\d"}, {"pattern": "^(?!a)"}, {"maxItems": 1}, {"minItems": 2},
    {"uniqueItems": True}, {"maxProperties": 1}, {"minProperties": 2}, {"required": ["a"]}, {"required": ["a", "b"]},
    {"properties": {"a": {"type": "integer"}, "b": {"type": "array"}}}, {"patternProperties": {"^a": {"type": ["integer", "string"]}}},
    {"additionalProperties": False, "properties": {"a": {}}}, {"additionalProperties": {"type": "number"}},
    {"additionalProperties": False, "patternProperties": {"b|c": {}}}, {"items": {"type": "integer"}},
    {"definitions": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/definitions/n"}}},
    {"properties": {"a": {"$ref": "#"}}, "maxProperties": 2}, {"format": "date"}, {"format": "ipv4"}, {"format": "email"},
]
OLD_ITEMS = [{"items": [{"type": "integer"}, {"type": "string"}]}, {"items": [{"type": "integer"}], "additionalItems": False},
             {"items": [{}], "additionalItems": {"type": "integer"}}, {"dependencies": {"a": ["b"]}},
             {"dependencies": {"a": {"maxProperties": 1}, "b": {"required": ["c"]}}}]
DRAFT_4 = [{"minimum": 1, "exclusiveMinimum": True}, {"maximum": 3, "exclusiveMaximum": True}]
DRAFT_6 = [{"const": 1}, {"const": {"a": 1}}, {"const": [1]}, {"contains": {"type": "integer"}}, {"propertyNames": {"maxLength": 1}},
           {"propertyNames": {"pattern": "^[a-c]"}}, {"exclusiveMinimum": 1}, {"exclusiveMaximum": 3}, True, False]
DRAFT_7 = [{"if": {"type": "integer"}, "then": {"minimum": 1}, "else": {"type": ["string", "object"]}},
           {"if": {"required": ["a"]}, "then": {"properties": {"a": {"type": "integer"}}}}]
DRAFT_2019 = [{"dependentRequired": {"a": ["b"]}}, {"dependentSchemas": {"a": {"maxProperties": 1}}},
              {"contains": {"type": "integer"}, "minContains": 2}, {"contains": {"const": 1}, "maxContains": 1}, {"contains": {}, "minContains": 0},
              {"$defs": {"n": {"$anchor": "number", "type": "integer"}}, "properties": {"a": {"$ref": "#number"}}},
              {"unevaluatedProperties": False, "properties": {"a": {}}}, {"unevaluatedProperties": {"type": "integer"}},
              {"unevaluatedProperties": False, "allOf": [{"properties": {"a": {}}}, {"patternProperties": {"b": {}}}]},
              {"unevaluatedProperties": False, "anyOf": [{"properties": {"a": {}}, "required": ["a"]}, {"properties": {"b": {}, "abc": {}}}]},
              {"unevaluatedProperties": False, "if": {"properties": {"a": {"type": "integer"}}}, "else": {"properties": {"b": {}}}},
              {"unevaluatedItems": False}, {"unevaluatedItems": {"type": "integer"}}]
ITEMS_2019 = OLD_ITEMS[:3] + [{"items": [{}], "unevaluatedItems": False}, {"$recursiveAnchor": True, "properties": {"a": {"$recursiveRef": "#"}}}]
DRAFT_2020 = [{"prefixItems": [{"type": "integer"}, {"type": "string"}]}, {"prefixItems": [{}], "items": False},
              {"prefixItems": [{}], "unevaluatedItems": False}, {"contains": {"type": "integer"}, "unevaluatedItems": False},
              {"$dynamicAnchor": "node", "properties": {"a": {"$dynamicRef": "#node"}}},
              {"allOf": [{"prefixItems": [{}]}], "unevaluatedItems": {"type": "string"}}]
DIALECTS = {"4": ALL + OLD_ITEMS + DRAFT_4, "6": ALL + OLD_ITEMS + DRAFT_6, "7": ALL + OLD_ITEMS + DRAFT_6 + DRAFT_7,
            "2019": ALL + DRAFT_6 + DRAFT_7 + DRAFT_2019 + ITEMS_2019, "2020": ALL + DRAFT_6 + DRAFT_7 + DRAFT_2019 + DRAFT_2020}
# They resolve references from the root, so they stay there.
ROOTED = ("definitions", "$defs", "$recursiveAnchor", "$dynamicAnchor", "$ref")


def rooted(part):
    return isinstance(part, dict) and (any(word in part for word in ROOTED) or "#" in str(part))


def combination(parts, chance, depth=2):
    one = chance.choice(parts)
    if depth == 0 or rooted(one):
        return one if not rooted(one) else {"type": ["object", "array", "string"]}
    way = chance.random()
    if way < 0.35:
        return one
    some = [combination(parts, chance, depth - 1) for _ in range(chance.randint(1, 3))]
    if way < 0.75:
        word = chance.choice(["allOf", "anyOf", "oneOf"])
        return {**one, word: some} if isinstance(one, dict) and word not in one else {word: some}
    if way < 0.85:
        return {"not": some[0]}
    return {"properties": {"a": some[0]}, "required": ["a"]} if way < 0.95 else {"additionalProperties": some[0]}


def combined(seed, count=1500):
    chance = random.Random(seed)
    for dialect, parts in DIALECTS.items():
        schemas = list(parts)
        while len(schemas) < count // 5:
            made = combination(parts, chance)
            schemas.append({**made, **chance.choice([part for part in parts if isinstance(part, dict)])} if chance.random() < 0.3
                           and isinstance(made, dict) else made)
        for at, schema in enumerate(schemas):
            if dialect == "4" and isinstance(schema, bool):
                continue
            instances = ANY + [changed(chance.choice(ANY), chance) for _ in range(25)] + [{"a": chance.choice(ANY), "b": chance.choice(STRINGS)}]
            yield f"draft {dialect}, schema {at}", schema, dialect, True, instances
