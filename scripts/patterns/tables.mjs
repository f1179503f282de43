// Writes the tables of Unicode properties that \p{…} asks for: node scripts/patterns/tables.mjs
// A property's code points come from node's own regular expressions, which are what ECMA-262 means; so the tables are of the
// Unicode version that this node has, which they name. One set is the lengths of its gaps and runs in turn, each as digits of five
// bits, least first, in characters from '0' on; 32 is added to all digits of a number but the last.
import { writeFileSync } from 'node:fs';

const categories = ['Lu', 'Ll', 'Lt', 'Lm', 'Lo', 'Mn', 'Mc', 'Me', 'Nd', 'Nl', 'No', 'Pc', 'Pd', 'Ps', 'Pe', 'Pi', 'Pf', 'Po',
  'Sm', 'Sc', 'Sk', 'So', 'Zs', 'Zl', 'Zp', 'Cc', 'Cf', 'Cs', 'Co'];
const binaries = ['Alphabetic', 'Lowercase', 'Uppercase', 'White_Space', 'Ideographic', 'Emoji', 'Emoji_Presentation',
  'Extended_Pictographic', 'ID_Start', 'ID_Continue'];
const scripts = ['Arabic', 'Armenian', 'Bengali', 'Bopomofo', 'Cherokee', 'Common', 'Cyrillic', 'Devanagari', 'Ethiopic', 'Georgian',
  'Greek', 'Gujarati', 'Gurmukhi', 'Han', 'Hangul', 'Hebrew', 'Hiragana', 'Inherited', 'Kannada', 'Katakana', 'Khmer', 'Lao', 'Latin',
  'Malayalam', 'Mongolian', 'Myanmar', 'Sinhala', 'Tamil', 'Telugu', 'Thai', 'Tibetan'];

function digits(number) {
  let text = '';
  while (number >= 32) { text += String.fromCharCode(48 + 32 + number % 32); number = Math.floor(number / 32); }
  return text + String.fromCharCode(48 + number);
}

function runs(property) {
  const pattern = new RegExp(`^\\p{${property}}$`, 'u');
  let text = '', inside = false, since = 0;
  for (let point = 0; point <= 0x110000; point++) {
    const now = point < 0x110000 && pattern.test(String.fromCodePoint(point));
    if (now === inside) continue;
    text += digits(point - since);
    inside = now;
    since = point;
  }
  return text;
}

function file(name, words, names, property) {
  let swift = `// Written by scripts/patterns/tables.mjs; Unicode ${process.versions.unicode}. Do not edit.\n\n`;
  swift += `/// ${words}, in the form that \`\`ScalarSet/init(runs:)\`\` reads.\nenum ${name} {\n`;
  swift += '    static func runs(_ name: String) -> StaticString? {\n        switch name {\n';
  for (const one of names) {
    swift += `        case "${one}":\n            #"""\n`;
    for (const line of runs(property(one)).match(/.{1,106}/g)) swift += `            ${line}\n`;
    swift += '            """#\n';
  }
  swift += '        default: nil\n        }\n    }\n}\n';
  writeFileSync(new URL(`../../Sources/CoreIngest/Schemas/Patterns/Unicode/${name}.swift`, import.meta.url), swift);
}

file('UnicodeCategories', 'The code points of each general category', categories, (name) => `General_Category=${name}`);
file('UnicodeScripts', 'The code points of the scripts that are known', scripts, (name) => `Script=${name}`);
file('UnicodeBinaries', 'The code points of the binary properties that are known', binaries, (name) => name);
