import type { Catalog, Json, Plan } from '@aos/core';

import { escapeJson, escapeText } from '../escape.ts';
import { keep, type Build } from './build.ts';
import { addStep, newDraft } from './draft.ts';
import type { Intent, Wanted } from './intent.ts';
import { meant, narrowed, pageJson, pageValues, summarize } from './meant-values.ts';
import { refusal } from './refuse.ts';
import { distinct } from './source.ts';
import { byName, valueOf, type Value } from './value.ts';
import { report } from './report.ts';
import { save } from './save.ts';

export interface Built {
  readonly plan: Plan;
  readonly notes: readonly string[];
}

/** Turns an understood goal into a plan. Throws `goal_not_plannable` where the parts do not fit. */
export function buildPlan(
  { intents, sources, notes }: Wanted,
  catalog: Catalog,
  instructions: string,
): Built {
  const build: Build = {
    draft: newDraft(catalog),
    all: sources,
    instructions,
    notes: [...notes],
    sources: [],
    last: [],
    made: [],
    wanted: [],
    files: [],
    reports: [],
  };
  for (const [index, intent] of intents.entries()) {
    look(build, intent, intents[index - 1]);
    perform(build, intent);
  }
  return {
    plan: { version: 1, steps: build.draft.steps, output: outputOf(build) },
    notes: build.notes,
  };
}

/** Turns to the sources of an intent. Pages that are fetched one by one are spoken of together. */
function look(build: Build, intent: Intent, before: Intent | undefined): void {
  if (intent.sources.length === 0) return;
  const together = intent.do === 'visit' && before?.do === 'visit';
  const known = together ? build.sources : [];
  build.sources = distinct([...known, ...intent.sources]);
  const continues = together || intent.joined || speaksOfLast(intent);
  if (!continues && intent.do !== 'save' && intent.do !== 'report') build.last = [];
}

/** `… and summarize them, from https://…`: the address comes late. */
function speaksOfLast(intent: Intent): boolean {
  return 'mentions' in intent && intent.mentions.some(({ thing }) => thing === 'it');
}

function perform(build: Build, intent: Intent): void {
  switch (intent.do) {
    case 'visit':
      if (intent.asked) keep(build, pageValues(build));
      return;
    case 'obtain': {
      const before = intent.joined ? build.last : [];
      keep(
        build,
        intent.mentions.flatMap((mention) => meant(build, mention)),
      );
      build.last = [...before, ...build.last];
      return;
    }
    case 'narrow': {
      const from = intent.mentions.flatMap((mention) => meant(build, mention));
      const narrow = intent.narrow;
      const values = from.length > 0 ? from : build.last;
      if (values.length === 0)
        throw refusal('The goal does not say what to filter, sort or limit.');
      const results =
        Object.keys(narrow).length > 0 ? values.map((v) => narrowed(build, v, narrow)) : values;
      return replace(build, values, results);
    }
    case 'transform':
      return transform(build, intent);
    case 'summarize':
      return keep(build, [summarize(build, intent)]);
    case 'save':
      return save(build, intent);
    case 'report':
      return report(build, intent);
    case 'query': {
      const key = addStep(build.draft, 'query', 'postgres_query', { sql: escapeText(intent.sql) });
      const ref = { label: 'query', text: `\${${key}.rows}`, sources: [] };
      return keep(build, [valueOf('rows', 'rows', [ref])]);
    }
    case 'post':
      return post(build, intent);
  }
}

function replace(build: Build, from: readonly Value[], to: readonly Value[]): void {
  build.wanted = build.wanted.filter((value) => !from.includes(value));
  keep(build, to);
}

function transform(build: Build, intent: Extract<Intent, { do: 'transform' }>): void {
  const named = intent.mentions.flatMap((mention) => meant(build, mention));
  const values = named.length > 0 ? named : build.last.length > 0 ? build.last : pageValues(build);
  const results = values.map((value) => {
    const data = value.form === 'page' ? pageJson(build, value) : value;
    const refs = data.refs.map((ref) => {
      const key = addStep(build.draft, 'transform', 'json_transform', {
        data: ref.text,
        expression: escapeText(intent.expression),
      });
      return { ...ref, text: `\${${key}.result}` };
    });
    return valueOf('result', 'result', refs);
  });
  replace(build, values, results);
}

function post(build: Build, { json, sources }: Extract<Intent, { do: 'post' }>): void {
  const [target] = sources;
  if (target?.kind !== 'page') throw refusal('The goal does not say where to POST to.');
  const key = addStep(build.draft, 'post', 'http_request', {
    url: escapeText(target.url),
    method: 'POST',
    json: escapeJson(json),
  });
  const ref = { label: target.label, text: `\${${key}.text}`, sources };
  keep(build, [valueOf('response', 'response', [ref])]);
}

/** What was asked for by name. A page that only led to something else is left out. */
function outputOf({ wanted, files, reports }: Build): Json {
  const results = wanted.filter(({ form }) => form !== 'page');
  const nothingElse = results.length === 0 && files.length === 0 && reports.length === 0;
  const told = nothingElse ? wanted : results;
  return {
    ...byName(told),
    ...listed('file', files),
    ...listed('report', reports),
  };
}

function listed(name: string, names: readonly string[]): Record<string, Json> {
  const [only] = names;
  if (names.length === 0 || only === undefined) return {};
  return names.length === 1 ? { [name]: only } : { [`${name}s`]: names };
}
