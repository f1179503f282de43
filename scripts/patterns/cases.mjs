// Records what node's regular expressions say about patterns and texts made by chance:
//   node scripts/patterns/cases.mjs [SEED] [COUNT] > Tests/Golden/patterns.jsonl
// One case a line: pattern, text, whether it matches.
import vm from 'node:vm';

let seed = Number(process.argv[2] ?? 1);
const count = Number(process.argv[3] ?? 1500);
const textsPerPattern = 5;

function below(n) {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor(seed / 4294967296 * n);
}
const pick = (choices) => choices[below(choices.length)];

const letters = ['a', 'b', 'c', 'a', 'b', '1', '_', '-', 'é', '漢', '🐲', ' '];
const escapes = ['.', '\\d', '\\w', '\\s', '\\D', '\\W', '\\S', '\\p{L}', '\\P{Lu}', '\\n', '\\x61', '\\u0062', '\\u{1F432}',
  '\\uD83D\\uDC32', '\\-', '\\.'];
const members = ['a', 'b', 'a-c', '\\d', '\\w', '\\s', 'é', '漢-龥', '🐲', '_', '1-9', '\\-', '\\p{Ll}', '.', '[', '\\W'];
const counts = ['*', '+', '?', '*?', '+?', '{0}', '{2}', '{1,}', '{0,2}', '{1,3}'];
let groups;

function atom(depth) {
  switch (below(depth > 0 ? 19 : 9)) {
    case 0: case 1: case 2: case 3: return pick(letters);
    case 4: return pick(escapes);
    case 5: case 6: return `[${below(3) ? '' : '^'}${pick(members)}${below(2) ? pick(members) : ''}${below(8) ? '' : '-'}]`;
    case 7: return pick(['\\b', '\\B', '^', '$']);
    case 8: return '(?:ab)';
    case 13: case 14: return `(?:${alternatives(depth - 1)})`;
    case 15: return `(?=${alternatives(depth - 1)})`;
    case 16: return `(?!${alternatives(depth - 1)})`;
    case 17: return `(?<${pick(['=', '!'])}${alternatives(depth - 1)})`;
    case 18: return groups > 0 ? `(?:\\${1 + below(groups)})` : 'c';
    default:
      groups++;
      return `(${alternatives(depth - 1)})`;
  }
}

function term(depth) {
  const one = atom(depth);
  return below(2) || /^(\\b|\\B|\^|\$|\(\?[<=!])/i.test(one) ? one : one + pick(counts);
}

function sequence(depth) {
  let text = '';
  for (let i = below(4); i >= 0; i--) text += term(depth);
  return text;
}

function alternatives(depth) {
  let text = sequence(depth);
  while (below(4) === 0) text += '|' + (below(5) ? sequence(depth) : '');
  return text;
}

function sample() {
  let text = '';
  for (let i = below(9); i > 0; i--) text += below(3) ? pick(['a', 'b', 'c']) : pick([...letters, 'A', '\n', '\u2028']);
  return text;
}

const context = vm.createContext({});
const search = new vm.Script('texts.map((text) => expression.exec(text)?.index ?? -1)');
const lines = [];
while (lines.length < count) {
  groups = 0;
  const pattern = (below(3) ? '' : '^') + alternatives(2) + (below(3) ? '' : '$');
  try {
    context.expression = new RegExp(pattern, 'u');
  } catch {
    continue;
  }
  context.texts = Array.from({ length: textsPerPattern }, sample);
  let places;
  // It would follow some for ever.
  try { places = search.runInContext(context, { timeout: 100 }); } catch { continue; }
  places.forEach((place, i) => {
    const text = context.texts[i];
    // It finds matches of backreferences between the halves of a surrogate pair, where in Unicode mode there is no place.
    const inPair = place > 0 && /[\uD800-\uDBFF]/.test(text[place - 1]) && /[\uDC00-\uDFFF]/.test(text[place] ?? '');
    if (!inPair) lines.push(JSON.stringify([pattern, text, place >= 0]));
  });
}
process.stdout.write(lines.join('\n') + '\n');
