import type { Names } from './condition.ts';
import { pick } from './pick.ts';
import { readMetric } from './read-metric.ts';
import type { Source, Value } from './runbook.ts';
import { fillPath, fillQuery, fillText, MissingValue } from './template.ts';

/** What a port could read; else, in a sentence, why not. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T; readonly detail?: string }
  /** `lasting`: asking again is in vain. */
  | { readonly ok: false; readonly why: string; readonly lasting?: boolean };

export interface ReadPorts {
  /** The JSON of a route of the API. */
  get(path: string): Promise<Reading<unknown>>;
  /** The text of the API's own scrape. */
  exposition(): Promise<Reading<string>>;
  /** The value of an expression; null when it gives none. */
  promql(query: string): Promise<Reading<number | null>>;
}

export interface Taken {
  readonly what: string;
  /** Undefined: it could not be read. */
  readonly value: Value | undefined;
  readonly detail?: string;
  readonly lasting?: boolean;
}

/** Reads once. Never throws for what is only out of reach: that is an answer, too. */
export async function takeReading(source: Source, names: Names, ports: ReadPorts): Promise<Taken> {
  try {
    return await ask(source, names, ports);
  } catch (error) {
    if (!(error instanceof MissingValue)) throw error;
    return { what: labelOf(source), value: undefined, detail: error.message };
  }
}

async function ask(source: Source, names: Names, ports: ReadPorts): Promise<Taken> {
  switch (source.kind) {
    case 'metric': {
      const selector = fillText(source.selector, names);
      const told = await ports.exposition();
      return taken(selector, told, (text) => readMetric(text, selector));
    }
    case 'promql': {
      const query = fillQuery(source.query, names);
      return taken(query, await ports.promql(query), (value) => value);
    }
    case 'get': {
      const path = fillPath(source.path, names);
      const told = await ports.get(path);
      return taken(labelOf({ ...source, path }), told, (answer) => pick(answer, source.pick));
    }
  }
}

function taken<T>(what: string, told: Reading<T>, value: (of: T) => Value): Taken {
  if (!told.ok) {
    return { what, value: undefined, detail: told.why, ...(told.lasting && { lasting: true }) };
  }
  return {
    what,
    value: value(told.value),
    ...(told.detail !== undefined && { detail: told.detail }),
  };
}

function labelOf(source: Source): string {
  if (source.kind === 'metric') return source.selector;
  if (source.kind === 'promql') return source.query;
  return `GET ${source.path}${source.pick === undefined ? '' : `, ${source.pick}`}`;
}
