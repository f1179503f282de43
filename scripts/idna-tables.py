#!/usr/bin/env python3
"""Makes Sources/CoreIngest/Schemas/Formats/Labels/LabelTables.swift: what internationalized host names ask of each code point.

    scripts/idna-tables.py [FOLDER]

FOLDER holds the Unicode Character Database, as Debian's package unicode-data installs it: UnicodeData.txt, Scripts.txt,
DerivedCoreProperties.txt, DerivedNormalizationProps.txt, extracted/DerivedJoiningType.txt. Which code points a label may hold is
computed by the rules of RFC 5892, section 3; nothing is taken from a list of results.
"""

import pathlib
import re
import sys

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/unicode")
target = pathlib.Path(__file__).parent.parent / "Sources/CoreIngest/Schemas/Formats/Labels/LabelTables.swift"

LAST = 0x10FFFF


def property_lines(name):
    """(first, last, fields after the code points) of each line of a property file."""
    for line in (folder / name).read_text(encoding="utf-8").splitlines():
        fields = [field.strip() for field in line.split("#")[0].split(";")]
        if len(fields) > 1:
            ends = fields[0].split("..")
            yield int(ends[0], 16), int(ends[-1], 16), fields[1:]


def members(name, *wanted):
    found = set()
    for first, last, fields in property_lines(name):
        if tuple(fields[: len(wanted)]) == wanted:
            found.update(range(first, last + 1))
    return found


def values(name):
    found = {}
    for first, last, fields in property_lines(name):
        for code in range(first, last + 1):
            found[code] = fields[0]
    return found


category, combining, bidi, pairs = {}, {}, {}, {}
opened = None
for line in (folder / "UnicodeData.txt").read_text(encoding="utf-8").splitlines():
    fields = line.split(";")
    code = int(fields[0], 16)
    if fields[1].endswith(", First>"):
        opened = code
        continue
    first, opened = (code if opened is None else opened), None
    for each in range(first, code + 1):
        category[each], combining[each], bidi[each] = fields[2], int(fields[3]), fields[4]
    if fields[5] and not fields[5].startswith("<"):
        parts = [int(part, 16) for part in fields[5].split()]
        if len(parts) == 2:
            pairs[code] = tuple(parts)

excluded = members("DerivedNormalizationProps.txt", "Full_Composition_Exclusion")
may_compose = members("DerivedNormalizationProps.txt", "NFC_QC", "M")
unstable = members("DerivedNormalizationProps.txt", "Changes_When_NFKC_Casefolded")
ignorable = members("DerivedCoreProperties.txt", "Default_Ignorable_Code_Point")
script = values("Scripts.txt")
joining = values("extracted/DerivedJoiningType.txt")
version = re.search(r"-(\d+\.\d+\.\d+)\.txt", (folder / "Scripts.txt").read_text(encoding="utf-8")).group(1)

# RFC 5892, section 2.6.
EXCEPTIONS = {code: "PVALID" for code in (0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007)}
EXCEPTIONS |= {code: "CONTEXTO" for code in (0xB7, 0x375, 0x5F3, 0x5F4, 0x30FB, *range(0x660, 0x66A), *range(0x6F0, 0x6FA))}
EXCEPTIONS |= {code: "DISALLOWED" for code in (0x640, 0x7FA, 0x302E, 0x302F, *range(0x3031, 0x3036), 0x303B)}
# Section 2.9: conjoining jamo. Section 2.4: blocks whose members are not letters of words.
JAMO = (*range(0x1100, 0x1200), *range(0xA960, 0xA97D), *range(0xD7B0, 0xD7C7), *range(0xD7CB, 0xD7FC))
BLOCKS = (*range(0x20D0, 0x2100), *range(0x1D100, 0x1D250))


def derived(code):
    """RFC 5892, section 3, in its order."""
    if code in EXCEPTIONS:
        return EXCEPTIONS[code]
    if code not in category:
        return "UNASSIGNED"
    if code == 0x2D or 0x30 <= code <= 0x39 or 0x61 <= code <= 0x7A:
        return "PVALID"
    if code in (0x200C, 0x200D):
        return "CONTEXTJ"
    if code in JAMO or code in unstable or code in ignorable or code in BLOCKS:
        return "DISALLOWED"
    return "PVALID" if category[code] in ("Ll", "Lu", "Lo", "Nd", "Lm", "Mn", "Mc") else "DISALLOWED"


# These numbers are the raw values of the enums in LabelScalar.swift.
BIDI = ["L", "R", "AL", "AN", "EN", "ES", "CS", "ET", "ON", "BN", "NSM"]
JOINING = ["U", "L", "R", "D", "T", "C"]
SCRIPT = {"Greek": 1, "Hebrew": 2, "Hiragana": 3, "Katakana": 3, "Han": 3}
allowed = [code for code in range(LAST + 1) if derived(code) in ("PVALID", "CONTEXTJ", "CONTEXTO")]


def kind(code):
    return (
        1
        | (derived(code) != "PVALID") << 1
        | (category.get(code, "")[:1] == "M") << 2
        | (code in may_compose) << 3
        | BIDI.index(bidi[code]) << 4
        | JOINING.index(joining.get(code, "U")) << 8
        | SCRIPT.get(script.get(code), 0) << 11
        | combining[code] << 16
    )


kinds, ranges, before, last = [0], [], 0, -1
for code in allowed:
    value = kind(code)
    if value not in kinds:
        kinds.append(value)
    index = kinds.index(value)
    if code != last + 1 and before != 0:
        ranges.append((last + 1) << 8)
        before = 0
    if index != before:
        ranges.append(code << 8 | index)
    before, last = index, code
ranges.append((last + 1) << 8)
assert len(kinds) <= 256


def spelled(code):
    return [part for half in pairs[code] for part in spelled(half)] if code in pairs else [code]


holds = set(allowed)
compositions = sorted(
    first << 42 | second << 21 | code
    for code, (first, second) in pairs.items()
    if code not in excluded and holds.issuperset(spelled(code))
)


def literal(name, comment, element, values, digits):
    width = digits + 4
    each = (120 - 8) // width
    rows = [
        "        " + " ".join(f"0x{value:0{digits}X}," for value in values[start : start + each])
        for start in range(0, len(values), each)
    ]
    return f"    /// {comment}\n    static let {name}: [{element}] = [\n" + "\n".join(rows) + "\n    ]\n"


target.write_text(
    "// swift-format-ignore-file: made by scripts/idna-tables.py\n\n"
    f"/// What internationalized host names ask of code points, by RFC 5892 from Unicode {version}. Made by `scripts/idna-tables.py`.\n"
    "enum LabelTables {\n"
    + literal("ranges", "`first code point << 8 | index into kinds`, ascending; each holds up to the next.", "UInt32", ranges, 8)
    + "\n"
    + literal("kinds", "The bits of a ``LabelScalar``; 0 is a code point that no label may hold.", "UInt32", kinds, 6)
    + "\n"
    + literal("compositions", "`first << 42 | second << 21 | composite`, ascending: canonical pairs of what labels may hold.", "UInt64", compositions, 16)
    + "}\n"
)
print(f"{target.name}: {len(allowed)} code points, {len(ranges)} ranges, {len(kinds)} kinds, {len(compositions)} compositions")
