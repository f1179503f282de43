"""Instances that a schema means to have, and what is nearly one."""
import random

STRINGS = ["", "a", "abc", "some text", "é漢🐲", "x" * 40, "0", "-1", "1-0-0", "2024-05-17", "2024-05-17T12:30:45Z", "12:30:45Z",
           "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "https://example.com/a?b=c#d", "someone@example.com", "example.com", "192.168.0.1",
           "2001:db8::1", "iglu:com.acme/event/jsonschema/1-0-0", "contexts_com_acme_1", "unstruct_event_x", "3.10.2", "1.2.3",
           "640x480", "en-US", "$var", "s3://bucket/key", "2024-05-17.123", "c2hvcnQ=", "a_b-c.9", "P1D", "/a/b", "1,2", "1.0,2.5"]
FORMATS = {"date-time": "2024-05-17T12:30:45.123Z", "date": "2024-05-17", "time": "12:30:45Z", "uuid": STRINGS[12],
           "uri": STRINGS[13], "email": STRINGS[14], "hostname": STRINGS[15], "ipv4": STRINGS[16], "ipv6": STRINGS[17]}
ANY = [None, True, False, 0, 1, -1, 3, 2.5, 1.0, 1e3, 2 ** 31, 2 ** 53, *STRINGS, [], [1], [1, 1.0], ["a", "a"], [[1], [True]], {},
       {"a": 1}, {"a": "x", "b": [1, 2]}, {"a": {"a": None}}, {"abc": 1}, [1, "a", None, {}], {"b": 2, "c": True, "x-y": 0}]


class Maker:
    def __init__(self, schema, seed):
        self.root = schema
        self.random = random.Random(seed)

    def make(self, schema=None, depth=0):
        schema = self.root if schema is None else schema
        choose = self.random.choice
        if not isinstance(schema, dict) or depth > 12:
            return choose(ANY)
        if "$ref" in schema:
            target = self.root
            for part in schema["$ref"].lstrip("#/").split("/"):
                target = target.get(part.replace("~1", "/").replace("~0", "~"), {}) if part and isinstance(target, dict) else target
            return self.make(target, depth + 1)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return choose(schema["enum"])
        for word in ("oneOf", "anyOf"):
            if word in schema:
                part = choose(schema[word])
                merged = {**{k: v for k, v in schema.items() if k != word}, **part} if isinstance(part, dict) else schema
                return self.make(merged, depth + 1)
        kinds = schema.get("type")
        if kinds is None:
            kinds = "object" if "properties" in schema else "array" if "items" in schema else "string" if "pattern" in schema else None
        kind = choose(kinds) if isinstance(kinds, list) else kinds
        return getattr(self, f"make_{kind}", lambda *_: choose(ANY))(schema, depth)

    def make_object(self, schema, depth):
        properties, required = schema.get("properties", {}), schema.get("required", [])
        required = required if isinstance(required, list) else []
        made = {name: self.make(part, depth + 1) for name, part in properties.items()
                if name in required or (depth < 8 and self.random.random() < 0.6)}
        for name in required:
            made.setdefault(name, self.random.choice(ANY))
        return made

    def make_array(self, schema, depth):
        items = schema.get("items", {})
        if isinstance(items, list):
            return [self.make(part, depth + 1) for part in items]
        least = schema.get("minItems", 0)
        count = self.random.randint(least, max(least, min(schema.get("maxItems", least + 3), least + 3))) if depth < 8 else least
        return [self.make(items, depth + 1) for _ in range(min(count, 50))]

    def make_string(self, schema, _):
        if schema.get("format") in FORMATS:
            return FORMATS[schema["format"]]
        if "pattern" in schema:
            return self.random.choice(STRINGS)
        text = self.random.choice(STRINGS)
        return (text + "x" * max(0, schema.get("minLength", 0) - len(text)))[:schema.get("maxLength", 100)]

    def make_integer(self, schema, _):
        low = schema.get("minimum", -100)
        number = self.random.randint(int(low), int(max(low, min(schema.get("maximum", low + 1000), low + 1000))))
        step = schema.get("multipleOf", 1)
        return number // step * step if isinstance(step, int) else number

    def make_number(self, schema, depth):
        return self.make_integer({**schema, "multipleOf": 1}, depth) + self.random.choice([0, 0.5])

    def make_boolean(self, *_):
        return self.random.random() < 0.5

    def make_null(self, *_):
        return None


def mutations(instance, chance, count=8):
    """The instance with one thing changed, a few times."""
    return [changed(instance, chance) for _ in range(count)]


def changed(value, chance):
    if isinstance(value, dict) and value and chance.random() < 0.85:
        name = chance.choice(sorted(value))
        way = chance.random()
        if way < 0.15:
            return {k: v for k, v in value.items() if k != name}
        if way < 0.3:
            return {**value, chance.choice(["extra", name + "x", name.upper(), ""]): chance.choice(ANY)}
        return {**value, name: changed(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.85:
        at = chance.randrange(len(value))
        if chance.random() < 0.3:
            return value + [value[at]]
        return value[:at] + [changed(value[at], chance)] + value[at + 1:]
    if isinstance(value, str) and chance.random() < 0.7:
        at = chance.randrange(len(value) + 1)
        return chance.choice([value[:at], value[:at] + chance.choice("aZ0-_. é🐲\n") + value[at:], value * 20, value.upper(), value + "\n"])
    if isinstance(value, (int, float)) and not isinstance(value, bool) and chance.random() < 0.7:
        return chance.choice([-value, value + 1, value + 0.5, value * 1000, 0, float(value), 2 ** 53, 2147483648, -32769])
    return chance.choice(ANY)
