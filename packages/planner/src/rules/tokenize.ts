import type { Json } from '@aos/core';

import { sourceOf, type Scheme, type Source } from './source.ts';
import { isKnown } from './words.ts';

export type Token =
  | { readonly kind: 'word'; readonly text: string; readonly lower: string }
  | { readonly kind: 'number'; readonly value: number; readonly text: string }
  /** `,` may part two clauses, `.` does. */
  | { readonly kind: 'mark'; readonly text: ',' | '.' }
  | { readonly kind: 'source'; readonly source: Source; readonly text: string }
  /** `source` when it may name one: `items.name` can be an expression and a domain. */
  | { readonly kind: 'code'; readonly text: string; readonly source?: Source }
  | { readonly kind: 'quoted'; readonly text: string }
  | { readonly kind: 'json'; readonly value: Json; readonly text: string };

/** Balancing brackets reads on to the end of the goal; so often, not more, or it would be quadratic. */
const JSON_TRIES_MAX = 4;
const HARD_MARKS = '.;!?→•';
const SOFT_MARKS = ',:()[]{}<>\n–—|';
const CLOSING: Readonly<Record<string, string>> = { '"': '"', '“': '”', '«': '»' };
/** What ends a word. Quotes inside a word are apostrophes. */
const WORD_END = /[\s,;!()[\]{}<>"“”«»`→•|]|\?(?=[\s"'”)]|$)/g;
const URL_END = /[\s<>"“”«»`]/g;
/** A bare query ends at a semicolon, or where the goal goes on in English. */
const QUERY = /SELECT\s|WITH\s{1,9}\w{1,63}\s{1,9}AS\b/y;
const QUERY_END =
  /;|,? (?:and then|and|then) (?:save|store|write|summari[sz]e|report) (?:the|them|it|all|rows|results?|to) /gi;
const INPUT = /\$\{(input\.[A-Za-z_]\w*)\}/y;

interface Scan {
  readonly text: string;
  readonly scheme: Scheme;
  readonly tokens: Token[];
  at: number;
  jsonTries: number;
  /** Closing quotes of which there are no more; looked for again each time it would be quadratic. */
  readonly used: Set<string>;
}

/** Cuts a goal into tokens, in time linear in its length. */
export function tokenize(text: string, scheme: Scheme): Token[] {
  const scan: Scan = { text, scheme, tokens: [], at: 0, jsonTries: 0, used: new Set() };
  while (scan.at < text.length) {
    if (quoted(scan) || json(scan) || inputReference(scan) || query(scan) || mark(scan)) continue;
    word(scan);
  }
  return scan.tokens;
}

function quoted(scan: Scan): boolean {
  const { text, at } = scan;
  const open = text[at] as string;
  if (open === '`') {
    const fence = text.startsWith('```', at) ? '```' : '`';
    const close = indexOf(scan, fence, at + fence.length);
    if (close === -1) return false;
    addQuote(scan, 'code', fenced(text.slice(at + fence.length, close)));
    scan.at = close + fence.length;
    return true;
  }
  const before = text[at - 1] ?? ' ';
  const single = open === "'" && /[\s(,:]/.test(before);
  const end = single ? "'" : CLOSING[open];
  const close = end === undefined ? -1 : indexOf(scan, end, at + 1);
  if (close === -1 || (single && /[\p{L}\p{N}]/u.test(text[close + 1] ?? ' '))) return false;
  addQuote(scan, 'quoted', text.slice(at + 1, close));
  scan.at = close + 1;
  return true;
}

function indexOf({ text, used }: Scan, closing: string, from: number): number {
  const at = used.has(closing) ? -1 : text.indexOf(closing, from);
  if (at === -1) used.add(closing);
  return at;
}

/** A quoted address is an address; in backticks it may be an expression. */
function addQuote({ tokens, scheme }: Scan, kind: 'code' | 'quoted', text: string): void {
  const source = /\s/.test(text) ? undefined : sourceOf(text, scheme);
  if (kind === 'code') tokens.push({ kind, text, ...(source && { source }) });
  else tokens.push(source ? { kind: 'source', source, text } : { kind, text });
}

/** The code of a fence without the name of its language. */
function fenced(code: string): string {
  const line = code.indexOf('\n');
  const first = line === -1 ? '' : code.slice(0, line).trim();
  return (/^[a-z]{1,12}$/.test(first) ? code.slice(line) : code).trim();
}

function json(scan: Scan): boolean {
  const { text, at, tokens } = scan;
  if ((text[at] !== '{' && text[at] !== '[') || scan.jsonTries >= JSON_TRIES_MAX) return false;
  scan.jsonTries += 1;
  const end = balancedEnd(text, at);
  if (end === undefined) return false;
  try {
    const source = text.slice(at, end);
    tokens.push({ kind: 'json', value: JSON.parse(source) as Json, text: source });
    scan.at = end;
    return true;
  } catch {
    return false;
  }
}

function balancedEnd(text: string, start: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (inString) {
      if (char === '\\') at += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') depth += 1;
    else if ((char === '}' || char === ']') && --depth === 0) return at + 1;
  }
  return undefined;
}

/** `${input.url}` in a goal means the same as `input.url`. */
function inputReference(scan: Scan): boolean {
  INPUT.lastIndex = scan.at;
  const match = INPUT.exec(scan.text);
  if (!match?.[1]) return false;
  scan.tokens.push({ kind: 'word', text: match[1], lower: match[1].toLowerCase() });
  scan.at += match[0].length;
  return true;
}

function query(scan: Scan): boolean {
  const { text, at, tokens } = scan;
  QUERY.lastIndex = at;
  if (/\w/.test(text[at - 1] ?? ' ') || !QUERY.test(text)) return false;
  QUERY_END.lastIndex = at;
  const end = QUERY_END.exec(text)?.index ?? text.length;
  tokens.push({ kind: 'code', text: text.slice(at, end).trim() });
  scan.at = end;
  return true;
}

function mark(scan: Scan): boolean {
  const { text, at, tokens } = scan;
  const char = text[at] as string;
  // `../x` and `.env` are words.
  if (char === '.' && /[\w./]/.test(text[at + 1] ?? ' ')) return false;
  if (text.startsWith('->', at) || HARD_MARKS.includes(char)) tokens.push(markOf('.'));
  else if (SOFT_MARKS.includes(char)) tokens.push(markOf(','));
  else if (!/[\s`"“”«»'’*#_-]/.test(char)) return false;
  scan.at += text.startsWith('->', at) ? 2 : 1;
  return true;
}

function markOf(text: ',' | '.'): Token {
  return { kind: 'mark', text };
}

function word(scan: Scan): void {
  const { text, at } = scan;
  const isUrl = /^https?:\/\//i.test(text.slice(at, at + 8));
  const end = isUrl ? URL_END : WORD_END;
  end.lastIndex = at;
  const run = text.slice(at, end.exec(text)?.index ?? text.length);
  const kept = run.toLowerCase().startsWith('tl') && /^tl;dr/i.test(text.slice(at, at + 5));
  const whole = kept ? text.slice(at, at + 5) : trimmed(isUrl ? firstUrl(run) : run);
  scan.at += whole.length || run.length || 1;
  if (whole) addWord(scan, whole);
}

/** `https://a.example,https://b.example` is two. */
function firstUrl(run: string): string {
  const next = /,(?=https?:)/i.exec(run);
  return next ? run.slice(0, next.index) : run;
}

const BRACKETS = [
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
] as const;

/** Without the punctuation after it; a bracket stays when the word itself opens it. */
function trimmed(run: string): string {
  const closing = [
    `.,;:!?'’"*_`,
    ...BRACKETS.filter(([open]) => !run.includes(open)).map(([, close]) => close),
  ].join('');
  let end = run.length;
  while (end > 0 && closing.includes(run[end - 1] as string)) end -= 1;
  return run.slice(0, end);
}

function addWord(scan: Scan, raw: string): void {
  const { tokens, scheme } = scan;
  const text = raw.replace(/['’]s$/, '');
  const lower = text.toLowerCase().replaceAll('’', "'");
  if (/^\d{1,9}$/.test(text)) {
    tokens.push({ kind: 'number', value: Number(text), text });
    return;
  }
  // A missing space after a full stop: `google.com.Extract`.
  const dot = text.lastIndexOf('.');
  if (/^[A-Z][a-z]/.test(text.slice(dot + 1)) && dot > 0 && isKnown(lower.slice(dot + 1))) {
    addWord(scan, text.slice(0, dot));
    tokens.push(markOf('.'));
    addWord(scan, text.slice(dot + 1));
    return;
  }
  const source = lower.startsWith('input.') ? undefined : sourceOf(text, scheme);
  if (source) {
    tokens.push({ kind: 'source', source, text });
    return;
  }
  const parts = isKnown(lower) ? [text] : text.split(/[/-]/);
  if (
    parts.length > 1 &&
    parts.every((part) => isKnown(part.toLowerCase()) || /^\d+$/.test(part))
  ) {
    for (const part of parts) addWord(scan, part);
    return;
  }
  tokens.push({ kind: 'word', text, lower });
}
