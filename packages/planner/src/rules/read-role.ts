import { endClause, meaningAt, narrowOf, nextToken, nextWord, type Reader } from './reader.ts';
import type { Token } from './tokenize.ts';
import { meaningOf, numberOf, type Role } from './words.ts';

const open = (reader: Reader) => {
  reader.open = true;
  reader.noun = false;
};
const preposition = (reader: Reader, name: string) => {
  reader.preposition = name;
  reader.noun = true;
  reader.open = false;
  reader.negated = false;
  if (name === 'about') reader.clause.about = true;
};

/** `a few sentences`, and the most a summary may have. */
const SENTENCES_FEW = 3;
const SENTENCES_MAX = 20;

/** How each word that steers its neighbours changes the state of reading. */
export const roleReaders: Readonly<Record<Role, (reader: Reader, name: string) => void>> = {
  determiner: (reader) => {
    reader.noun = true;
    reader.open = false;
  },
  preposition,
  and: (reader, name) => {
    if (name === 'or' && !reader.negated && !reader.clause.negated) reader.unknown.push(name);
    const negated = reader.negated || (name === 'or' && reader.clause.negated);
    open(reader);
    reader.negated = negated;
  },
  next: (reader) => {
    endClause(reader);
    open(reader);
  },
  to: (reader, name) => {
    if (name === 'to') reader.preposition = 'to';
    open(reader);
  },
  not: (reader) => {
    open(reader);
    reader.negated = true;
  },
  each: (reader) => {
    reader.clause.each = true;
    reader.noun = true;
  },
  first: (reader, name) => readTake(reader, 'start', name),
  last: (reader, name) => readTake(reader, 'end', name),
  unique: (reader) => {
    reader.pending.unique = true;
    reader.noun = true;
    reader.open = false;
  },
  sorted: (reader, name) => {
    narrowOf(reader).sort = name.includes('alphabetical') ? { by: 'text' } : {};
  },
  by: readBy,
  descending: (reader) => {
    const narrow = narrowOf(reader);
    narrow.sort = { ...narrow.sort, descending: true };
  },
  level: readLevels,
  containing: readContaining,
  titled: (reader, name) => {
    const kind = nextToken(reader)?.kind;
    if (kind !== 'quoted' && kind !== 'code' && kind !== 'source') reader.unknown.push(name);
    reader.preposition = 'titled';
  },
  sentence: (reader, name) => {
    const count = reader.number ?? (name === 'sentence' ? 1 : SENTENCES_FEW);
    if (count < 1 || count > SENTENCES_MAX) reader.unknown.push(`${count} ${name}`);
    reader.clause.sentences = count;
    reader.number = undefined;
    reader.noun = false;
  },
  'number of': (reader) => {
    reader.counting = true;
    reader.noun = true;
  },
  because: (reader, name) => {
    const words = [name.replaceAll('.', ' ')];
    for (; reader.at < reader.tokens.length; reader.at++) {
      const token = reader.tokens[reader.at] as Token;
      if (token.kind === 'mark' && token.text === '.') break;
      words.push(token.text);
    }
    reader.leftOut.push(words.join(' '));
  },
  filler: () => {},
};

function readTake(reader: Reader, from: 'start' | 'end', name: string): void {
  const next = nextToken(reader);
  const count = next?.kind === 'number' ? next.value : numberOf(nextWord(reader));
  if (count !== undefined) {
    reader.at += 1;
    reader.pending.take = { from, count };
    reader.noun = true;
    reader.open = false;
  } else if (name !== 'top' && meaningAt(reader.tokens, reader.at)?.thing && !isPlural(reader)) {
    reader.pending.take = { from, count: 1 };
    reader.noun = true;
  } else if (name === 'first' && reader.open) open(reader);
  else reader.unknown.push(name);
}

/** `by text`, `by their url`, `by "unit price"` after something that sorts. */
function readBy(reader: Reader): void {
  const narrow = narrowOf(reader);
  const sorting = narrow.sort
    ? narrow
    : reader.clause.narrow.sort
      ? reader.clause.narrow
      : undefined;
  while (meaningOf(nextWord(reader))?.role === 'determiner') reader.at += 1;
  const next = nextToken(reader);
  if (!sorting) reader.unknown.push('by');
  if (!sorting || !next || next.kind === 'mark' || next.kind === 'json') {
    preposition(reader, 'by');
    return;
  }
  reader.at += 1;
  sorting.sort = { ...sorting.sort, by: next.text };
}

/** `the first headings` does not say how many. */
function isPlural(reader: Reader): boolean {
  return nextWord(reader).endsWith('s');
}

function readLevels(reader: Reader): void {
  const levels: number[] = [];
  for (;;) {
    const next = nextToken(reader);
    const value = next?.kind === 'number' ? next.value : numberOf(nextWord(reader));
    if (value === undefined) break;
    levels.push(value);
    reader.at += 1;
    const joined = nextToken(reader);
    const joins = joined?.kind === 'mark' ? joined.text === ',' : joined?.text === 'and';
    if (!joins || reader.tokens[reader.at + 1]?.kind !== 'number') break;
    reader.at += 1;
  }
  if (levels.length === 0) reader.unknown.push('level');
  else reader.pending.levels = levels;
  reader.noun = true;
}

function readContaining(reader: Reader): void {
  const next = nextToken(reader);
  if (!next || (next.kind !== 'quoted' && next.kind !== 'word' && next.kind !== 'code')) {
    reader.unknown.push('containing');
    return;
  }
  reader.at += 1;
  narrowOf(reader).contains = next.text;
}
