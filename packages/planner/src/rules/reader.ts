import { isEmpty, newClause, type Clause, type Narrow } from './clause.ts';
import type { Token } from './tokenize.ts';
import { meaningOf, phraseAt, type Meaning } from './words.ts';

/** The state of reading from left to right. */
export interface Reader {
  readonly tokens: readonly Token[];
  readonly clauses: Clause[];
  readonly unknown: string[];
  readonly leftOut: string[];
  at: number;
  clause: Clause;
  /** A verb may stand here, as after a comma, `and`, `to` or at the start. */
  open: boolean;
  /** A noun stands here, as after `the`, `of` or an adjective. */
  noun: boolean;
  negated: boolean;
  /** The preposition before the next noun. */
  preposition: string;
  /** What adjectives before a noun said. */
  pending: Narrow;
  counting: boolean;
  number: number | undefined;
  /** `1.`, `2.`: the number of the last list item. */
  item: number;
  /** Unknown words in front of a noun; fine when the clause names its page outright. */
  described: string[];
}

export function newReader(tokens: readonly Token[]): Reader {
  return {
    tokens,
    clauses: [],
    unknown: [],
    leftOut: [],
    at: 0,
    clause: newClause(),
    open: true,
    noun: false,
    negated: false,
    preposition: '',
    pending: {},
    counting: false,
    number: undefined,
    item: 0,
    described: [],
  };
}

/** Puts the clause read so far on the list and begins the next. */
export function endClause(reader: Reader): void {
  const { clause, described } = reader;
  if (reader.number !== undefined) {
    if (clause.verb === 'narrow') {
      reader.pending.take ??= { from: 'start', count: reader.number };
    } else reader.unknown.push(String(reader.number));
  }
  const last = clause.mentions.at(-1);
  if (last) Object.assign(last.narrow, reader.pending);
  else Object.assign(clause.narrow, reader.pending);
  (clause.sources.length > 0 ? reader.leftOut : reader.unknown).push(...described);
  if (!isEmpty(clause)) reader.clauses.push(clause);
  reader.clause = newClause();
  reader.pending = {};
  reader.number = undefined;
  reader.counting = false;
  reader.described = [];
  reader.preposition = '';
}

/** Where a word after a noun writes what it says: the noun itself, or the clause without one. */
export function narrowOf({ clause }: Reader): Narrow {
  return clause.mentions.at(-1)?.narrow ?? clause.narrow;
}

export function nextToken(reader: Reader): Token | undefined {
  return reader.tokens[reader.at];
}

export function nextWord(reader: Reader): string {
  return wordsFrom(reader.tokens, reader.at, 1)[0] ?? '';
}

/** What the word or phrase at a place means. */
export function meaningAt(tokens: readonly Token[], at: number): Meaning | undefined {
  const words = wordsFrom(tokens, at, PHRASE_WORDS);
  return meaningOf(phraseAt(words)?.phrase ?? words[0] ?? '');
}

/** The words that follow each other without anything between them. */
export function wordsFrom(tokens: readonly Token[], at: number, count: number): string[] {
  const words: string[] = [];
  for (const token of tokens.slice(at, at + count)) {
    if (token.kind !== 'word') break;
    words.push(token.lower);
  }
  return words;
}

const PHRASE_WORDS = 4;
