import type { Format, Mention, Narrow } from './clause.ts';
import { roleReaders } from './read-role.ts';
import { endClause, meaningAt, nextToken, nextWord, wordsFrom, type Reader } from './reader.ts';
import type { Token } from './tokenize.ts';
import { meaningOf, numberOf, phraseAt, type Meaning, type Role, type Thing } from './words.ts';

/** Questions are verbs only at the start: in `links which contain` they are not. */
const QUESTIONS = new Set(['which', 'what', 'who', 'why', 'when', 'does']);
/** Verbs that are ordinary nouns after `a` or `the`. */
const NOUNS_TOO = new Set([
  'list',
  'count',
  'print',
  'display',
  'export',
  'map',
  'filter',
  'order',
  'post',
  'query',
]);
const NARROWING = new Set<Role>([
  'each',
  'first',
  'last',
  'unique',
  'sorted',
  'by',
  'level',
  'containing',
  'sentence',
  'number of',
]);
const INTO = new Set(['to', 'into', 'as']);
const PLACES = new Set(['of', 'from', 'in', 'on', 'at', 'within', 'inside', 'under']);
const formats: ReadonlyMap<string, Format> = new Map([
  ['json', 'json'],
  ['markdown', 'markdown'],
  ['md', 'markdown'],
  ['html', 'html'],
  ['text', 'text'],
  ['plain.text', 'text'],
  ['csv', 'csv'],
]);

/** Reads one word or phrase with the state its neighbours left behind. */
export function readWord(reader: Reader, text: string, lower: string): void {
  const phrase = phraseAt([lower, ...wordsFrom(reader.tokens, reader.at, 3)]);
  const name = phrase?.phrase ?? lower;
  if (phrase) reader.at += phrase.length - 1;
  if (readFormat(reader, name) || readNumberWord(reader, name)) return;
  const meaning = meaningOf(name);
  if (!meaning) return readUnknown(reader, text);
  const written = name.replaceAll('.', ' ');
  if (isVerbHere(reader, name, meaning)) return readVerb(reader, written, meaning);
  if (meaning.thing && !isDeterminerHere(reader, meaning)) {
    return readNoun(reader, written, meaning.thing);
  }
  if (meaning.role) {
    // `except the first`, `not sorted`: rules cannot take away a part of a list.
    if (reader.negated && NARROWING.has(meaning.role)) reader.unknown.push(`not ${written}`);
    return roleReaders[meaning.role](reader, name);
  }
  // An adjective (`the extracted headings`) or a verb used as a noun (`a count of`).
  if (name === 'count' && nextWord(reader) === 'of') reader.counting = true;
  else if (name === 'count') return readNoun(reader, written, 'count');
  reader.open = false;
}

function isVerbHere(reader: Reader, name: string, { verb, thing, role, participle }: Meaning) {
  if (!verb) return false;
  const { clause } = reader;
  if (QUESTIONS.has(name)) return reader.open && clause.verb === undefined;
  if (role === 'sorted') return false;
  if (reader.noun && (participle || NOUNS_TOO.has(name))) return false;
  return thing || role ? reader.open && !reader.noun : true;
}

function readVerb(reader: Reader, word: string, { verb }: Meaning): void {
  if (reader.clause.verb !== undefined || reader.negated) endClause(reader);
  const { clause } = reader;
  if (verb) clause.verb = verb;
  clause.word = word;
  clause.negated = reader.negated;
  if (/^(?:sort|order)/.test(word)) clause.narrow.sort = {};
  if (word.startsWith('dedup')) clause.narrow.unique = true;
  if (word.startsWith('revers')) clause.narrow.sort = { descending: true };
  reader.negated = false;
  reader.open = false;
  reader.noun = false;
  reader.preposition = '';
}

function readNoun(reader: Reader, word: string, named: Thing): void {
  const next = nextToken(reader);
  const after = next?.kind === 'mark' ? reader.tokens[reader.at + 1] : next;
  const thing =
    word.startsWith('url') && (reader.clause.verb === 'fetch' || after?.kind === 'source')
      ? 'page'
      : named;
  const { clause, preposition, pending } = reader;
  const level = /^h([1-6])s?$/.exec(word)?.[1];
  if (level) pending.levels = [...(pending.levels ?? []), Number(level)];
  reader.noun = false;
  reader.open = false;
  if (level && meaningOf(nextWord(reader))?.thing === 'headings') return;
  if (reader.negated) {
    const some = Object.keys(pending).length > 0;
    if (some) reader.unknown.push(`not ${word}`);
    else clause.without.push(thing);
    return;
  }
  if (thing === 'file' && (preposition !== '' || after?.kind === 'source')) {
    if (after?.kind !== 'source' && (INTO.has(preposition) || isSome(reader))) clause.toFile = true;
    return;
  }
  if (preposition === 'as' && thing !== 'report') reader.unknown.push(`as ${word}`);
  // `the page https://…`, `the HTML of https://…`: the address says it all.
  if (thing === 'page' && namesSourceNext(reader)) return;
  addMention(reader, {
    thing: thing === 'file' ? 'page' : thing,
    word,
    ...described(reader, { ...pending, ...numberAsTake(reader) }),
    within: PLACES.has(preposition),
  });
}

function namesSourceNext({ tokens, at }: Reader): boolean {
  const ahead = tokens.slice(at, at + 3);
  const first = ahead.findIndex(
    (token) =>
      token.kind !== 'mark' &&
      !(token.kind === 'word' && meaningOf(token.lower)?.role === 'preposition'),
  );
  return ahead[first]?.kind === 'source';
}

/** `in a file`, `in a JSON file`: a new one, and not `in the file` spoken of before. */
function isSome({ preposition, tokens, at }: Reader): boolean {
  const before = tokens[at - 2];
  if (preposition !== 'in' || before?.kind !== 'word') return false;
  return before.lower === 'a' || formats.has(before.lower);
}

/** What adjectives say; they hold for all of `the first 5 headings and links`. */
function described(reader: Reader, narrow: Narrow): Pick<Mention, 'narrow' | 'count'> {
  const { clause, counting, tokens, at } = reader;
  const before = tokens[at - 2];
  const bare = before?.kind === 'mark' ? before.text === ',' : before?.text === 'and';
  const last = clause.mentions.at(-1);
  if (!last || !bare || counting || Object.keys(narrow).length > 0) {
    return { narrow, count: counting };
  }
  const { unique, take } = last.narrow;
  return { narrow: { ...(unique && { unique }), ...(take && { take }) }, count: last.count };
}

function addMention(reader: Reader, mention: Mention): void {
  const { clause } = reader;
  const last = clause.mentions.at(-1);
  if (last?.thing === 'headings' && mention.thing === 'headings' && last.narrow.levels) {
    // `h1 and h2 headings`
    const levels = [...last.narrow.levels, ...(mention.narrow.levels ?? [])];
    Object.assign(last.narrow, mention.narrow, { levels });
  } else clause.mentions.push(mention);
  reader.pending = {};
  reader.counting = false;
  reader.number = undefined;
  reader.preposition = '';
}

function numberAsTake({ number }: Reader): Narrow {
  return number === undefined ? {} : { take: { from: 'start', count: number } };
}

/** `as JSON`, `in markdown`, `an HTML report`. */
function readFormat(reader: Reader, name: string): boolean {
  const format = formats.get(name);
  if (!format) return false;
  const next = nextWord(reader);
  const asked = ['as', 'in'].includes(reader.preposition) || meaningOf(next)?.thing === 'report';
  if (!asked || meaningOf(next)?.thing === 'page') return false;
  reader.clause.format = format;
  reader.open = false;
  return true;
}

function readNumberWord(reader: Reader, name: string): boolean {
  const value = numberOf(name);
  if (value === undefined) return false;
  reader.number = value;
  reader.noun = true;
  return true;
}

function readUnknown(reader: Reader, text: string): void {
  // Only what stands between `the` and a noun for the page can be a mere description.
  let ahead = reader.at;
  while (isUnknownWord(reader.tokens, ahead)) ahead += 1;
  const next = reader.tokens[ahead];
  const describes = next?.kind === 'word' && meaningAt(reader.tokens, ahead)?.thing === 'page';
  const words = [text];
  for (const token of reader.tokens.slice(reader.at, ahead))
    words.push((token as { text: string }).text);
  reader.at = ahead;
  if (reader.noun && describes) reader.described.push(words.join(' '));
  else reader.unknown.push(...words);
  reader.open = false;
}

function isUnknownWord(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (token?.kind !== 'word' || numberOf(token.lower) !== undefined) return false;
  return meaningAt(tokens, at) === undefined;
}

/** `that`, `these`: a determiner before a noun, a pronoun otherwise. */
function isDeterminerHere(reader: Reader, { thing, role }: Meaning): boolean {
  if (role !== 'determiner') return false;
  // `links that are on …`: a relative pronoun.
  if (reader.clause.mentions.length > 0 && !reader.open && !reader.noun) return true;
  const next = nextToken(reader);
  if (next?.kind === 'number') return true;
  if (next?.kind !== 'word') return thing === undefined;
  const meaning = meaningAt(reader.tokens, reader.at);
  if (!meaning) return true;
  return meaning.thing !== undefined || meaning.participle === true || isAdjective(meaning.role);
}

function isAdjective(role: Role | undefined): boolean {
  return role === 'unique' || role === 'first' || role === 'last' || role === 'level';
}
