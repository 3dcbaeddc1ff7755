import { refusal } from './refuse.ts';
import type { Draft } from './draft.ts';
import type { Source } from './source.ts';
import type { Value } from './value.ts';

/** The state while intents become steps. */
export interface Build {
  readonly draft: Draft;
  readonly all: readonly Source[];
  readonly instructions: string;
  readonly notes: string[];
  /** What the goal speaks of now. */
  sources: readonly Source[];
  /** What `them` and `it` mean. */
  last: readonly Value[];
  /** Everything made so far, the latest at the end. */
  readonly made: Value[];
  /** What the run hands back. */
  wanted: Value[];
  readonly files: string[];
  readonly reports: string[];
}

/** Remembers results and hands them back at the end. */
export function keep(build: Build, values: readonly Value[]): void {
  build.last = values;
  build.made.push(...values);
  build.wanted.push(...values.filter((value) => !build.wanted.includes(value)));
}

/** The pages and files the goal speaks of here: the last named, or all of them when none was yet. */
export function currentSources({ sources, all }: Build): readonly Source[] {
  const current = sources.length > 0 ? sources : all;
  if (current.length > 0) return current;
  throw refusal('The goal names no page and no file, and the input of the run has no url.');
}
