import type { Json } from '@aos/core';

import type { Source } from './source.ts';
import type { Thing, Verb } from './words.ts';

/** Which of a list are meant, in the order in which this is applied. */
export interface Narrow {
  levels?: readonly number[];
  contains?: string;
  unique?: true;
  sort?: { readonly by?: string; readonly descending?: true };
  take?: { readonly from: 'start' | 'end'; readonly count: number };
}

/** One noun of a clause with what is said about it. */
export interface Mention {
  readonly thing: Thing;
  readonly word: string;
  readonly narrow: Narrow;
  /** `the number of links` */
  readonly count: boolean;
  /** Stands after `of`, `in` and the like, so it may be the place of what was named before. */
  readonly within: boolean;
  /** `a summary of the headings`, `a report with the links` */
  readonly of?: readonly Mention[];
}

export type Format = 'json' | 'markdown' | 'html' | 'text' | 'csv';

/** A verb of the goal with what stands around it. */
export interface Clause {
  verb?: Verb;
  /** The verb as written. */
  word: string;
  negated: boolean;
  each: boolean;
  about: boolean;
  mentions: Mention[];
  without: Thing[];
  sources: Source[];
  narrow: Narrow;
  code?: string;
  sql?: string;
  json?: Json;
  sentences?: number;
  /** The file to write. */
  target?: string;
  /** `in a file`, without saying which. */
  toFile?: true;
  /** Split from the clause before it, with which it shares `them`. */
  joined?: true;
  title?: string;
  format?: Format;
}

export function newClause(): Clause {
  return {
    word: '',
    negated: false,
    each: false,
    about: false,
    mentions: [],
    without: [],
    sources: [],
    narrow: {},
  };
}

export function isEmpty(clause: Clause): boolean {
  return clause.verb === undefined && !hasObject(clause);
}

/** Whether the clause says what its verb works on, or how. */
export function hasObject(clause: Clause): boolean {
  const { mentions, sources, without, code, sql, json, target, narrow } = clause;
  return (
    mentions.length + sources.length + without.length > 0 ||
    [code, sql, json, target].some((part) => part !== undefined) ||
    Object.keys(narrow).length > 0
  );
}
