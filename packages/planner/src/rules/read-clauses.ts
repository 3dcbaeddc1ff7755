import { hasObject, newClause, type Clause } from './clause.ts';
import { readWord } from './read-word.ts';
import { endClause, newReader, type Reader } from './reader.ts';
import { isArtifactName, type Source } from './source.ts';
import type { Token } from './tokenize.ts';

/** What a goal says, clause by clause, and which of its words were not understood. */
export interface Reading {
  readonly clauses: readonly Clause[];
  readonly unknown: readonly string[];
  /** Words that only describe or explain; the report tells that they were left out. */
  readonly leftOut: readonly string[];
}

/** Prepositions before the name of a file that is to be written. */
const TOWARDS = new Set(['to', 'into', 'as', 'titled']);
const TOWARDS_WHEN_WRITING = new Set(['in', 'under']);
const PLACES = new Set(['of', 'from', 'at', 'on', 'in', 'to', 'into', 'as']);
const SQL = /^\s*(?:select|with)\s/i;

export function readClauses(tokens: readonly Token[]): Reading {
  const reader = newReader(tokens);
  while (reader.at < tokens.length) {
    const token = tokens[reader.at] as Token;
    reader.at += 1;
    readToken(reader, token);
  }
  endClause(reader);
  shareObjects(reader.clauses);
  return reader;
}

function readToken(reader: Reader, token: Token): void {
  switch (token.kind) {
    case 'word':
      return readWord(reader, token.text, token.lower);
    case 'number':
      if (isListNumber(reader, token.value)) return endClause(reader);
      if (reader.negated) reader.unknown.push(`not ${token.text}`);
      reader.number = token.value;
      reader.noun = true;
      return;
    case 'mark':
      if (token.text === '.') endClause(reader);
      reader.open = true;
      reader.noun = false;
      reader.negated = false;
      return;
    case 'source':
      return readSource(reader, token.source);
    case 'code':
      if (token.source && isPlace(reader)) return readSource(reader, token.source);
      return readQuote(reader, token.text, 'code');
    case 'quoted':
      return readQuote(reader, token.text, 'quoted');
    case 'json':
      reader.clause.json = token.value;
      return;
  }
}

/** `2. Extract …`: the number of a list, not a count. */
function isListNumber(reader: Reader, value: number): boolean {
  const { tokens, at, item } = reader;
  const before = tokens[at - 2];
  if (tokens[at]?.kind !== 'mark' || value !== item + 1) return false;
  if (item === 0 && before !== undefined && before.kind !== 'mark') return false;
  reader.item = value;
  return true;
}

/** Whether what stands in backticks here can only be an address or a file. */
function isPlace({ clause, preposition }: Reader): boolean {
  if (PLACES.has(preposition)) return true;
  return clause.verb !== 'transform' && clause.verb !== 'narrow' && clause.verb !== 'obtain';
}

function readSource(reader: Reader, source: Source): void {
  const { clause, preposition, negated } = reader;
  const writing = clause.verb === 'save' || clause.verb === 'report' || clause.verb === 'make';
  const towards = TOWARDS.has(preposition) || (writing && TOWARDS_WHEN_WRITING.has(preposition));
  const alone = clause.verb === 'save' && clause.mentions.length === 0 && preposition === '';
  if (source.kind === 'file' && clause.verb !== 'fetch' && (towards || alone)) {
    if (clause.target !== undefined) splitBefore(reader);
    if (reader.clause.target !== undefined) reader.unknown.push(source.name);
    reader.clause.target = source.name;
    splitPlaces.set(reader.clause, reader.clause.mentions.length);
  } else if (!negated) {
    splitBefore(reader);
    reader.clause.sources.push(source);
  } else if (clause.verb !== 'fetch') reader.unknown.push(`not ${source.label}`);
  reader.open = false;
  reader.noun = false;
  reader.negated = false;
  reader.preposition = '';
}

/** `headings from a.example and links from b.example`: the second noun begins a clause of its own. */
function splitBefore(reader: Reader): void {
  const { clause } = reader;
  const place = splitPlaces.get(clause);
  if (place === undefined || place >= clause.mentions.length) {
    splitPlaces.set(clause, clause.mentions.length);
    return;
  }
  if (place === 0) return;
  const later = clause.mentions.splice(place);
  const { verb, word } = clause;
  endClause(reader);
  reader.clause = { ...newClause(), word, ...(verb && { verb }), mentions: later, joined: true };
  splitPlaces.set(reader.clause, later.length);
}

/** How many nouns a clause had when its last source or target was read. */
const splitPlaces = new WeakMap<Clause, number>();

function readQuote(reader: Reader, text: string, kind: 'code' | 'quoted'): void {
  const { clause, preposition } = reader;
  reader.open = false;
  reader.noun = false;
  if (SQL.test(text)) clause.sql = text.trim();
  else if (clause.verb === 'save' && TOWARDS.has(preposition) && isArtifactName(text)) {
    clause.target = text;
  } else if (preposition === 'titled') clause.title = text;
  else if (kind === 'code') clause.code = text;
  else reader.unknown.push(text);
}

/** `Extract and count the links`: a verb without an object takes that of the verb after it. */
function shareObjects(clauses: readonly Clause[]): void {
  for (const [index, clause] of clauses.entries()) {
    const next = clauses[index + 1];
    if (!next || next.negated || clause.negated || hasObject(clause) || !SHARING.has(clause.verb)) {
      continue;
    }
    clause.sources = next.sources;
    if (clause.verb !== 'fetch') {
      clause.mentions = next.mentions.filter(({ thing }) => !RESULTS.has(thing));
    }
  }
}

const SHARING = new Set<Clause['verb']>(['fetch', 'obtain', 'count', 'narrow', 'summarize']);
const RESULTS = new Set(['summary', 'report', 'it', 'all', 'result']);
