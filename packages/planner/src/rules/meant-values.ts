import { escapeText } from '../escape.ts';
import { currentSources, type Build } from './build.ts';
import type { Mention, Narrow } from './clause.ts';
import { addStep, parsedJson, partOf, rawText } from './draft.ts';
import type { Intent } from './intent.ts';
import { narrowExpression } from './narrow.ts';
import { refusal } from './refuse.ts';
import { idOf, type Source } from './source.ts';
import { templateOfAll, valueOf, type Form, type Ref, type Value } from './value.ts';
import type { Part } from './words.ts';

/** The results that a noun of the goal means; what does not exist yet is made. */
export function meant(build: Build, mention: Mention): Value[] {
  const values =
    Object.keys(mention.narrow).length > 0
      ? named(build, mention).map((value) => narrowed(build, value, mention.narrow))
      : named(build, mention);
  return mention.count ? values.map((value) => counted(build, value)) : values;
}

function named(build: Build, mention: Mention): Value[] {
  switch (mention.thing) {
    case 'it':
    case 'result':
      return build.last.length > 0 ? [...build.last] : pageValues(build);
    case 'all': {
      const results = build.wanted.filter(({ form }) => form !== 'page');
      return results.length > 0 ? results : pageValues(build);
    }
    case 'page':
    case 'file':
      return pageValues(build);
    case 'json':
      return pageValues(build).map((value) => pageJson(build, value));
    case 'rows':
    case 'count': {
      const known = build.made.findLast(({ form }) => form === mention.thing);
      if (known) return [known];
      const why = mention.thing === 'rows' ? 'has no query before' : 'counts nothing before';
      throw refusal(`The goal speaks of “${mention.word}”, but ${why}.`);
    }
    case 'summary': {
      const known = mention.of ? undefined : build.made.findLast(({ form }) => form === 'summary');
      const mentions = mention.of ?? [];
      return [known ?? summarize(build, { do: 'summarize', mentions, sources: [], each: false })];
    }
    case 'report':
      throw refusal('A report is written once and is no material for another step.');
    default:
      return [partValue(build, mention.thing)];
  }
}

/** A part of the current pages: the one made last, maybe narrowed, or a new one. */
function partValue(build: Build, part: Part): Value {
  const sources = currentSources(build);
  const known = build.made.findLast((value) => value.form === part && sameSources(value, sources));
  if (known) return known;
  const value = valueOf(
    part,
    part,
    sources.map((source) => refTo(source, partOf(build.draft, source, part))),
  );
  build.made.push(value);
  return value;
}

function sameSources({ refs }: Value, sources: readonly Source[]): boolean {
  const ids = new Set(refs.flatMap((ref) => ref.sources.map(idOf)));
  return ids.size === sources.length && sources.every((source) => ids.has(idOf(source)));
}

function refTo(source: Source, text: string): Ref {
  return { label: source.label, text, sources: [source] };
}

/** The current pages and files as they are. */
export function pageValues(build: Build): Value[] {
  const sources = currentSources(build);
  const name = sources.every(({ kind }) => kind === 'file') ? 'text' : 'page';
  const refs = sources.map((source) => refTo(source, rawText(build.draft, source)));
  return [valueOf(name, 'page', refs)];
}

export function pageJson(build: Build, value: Value): Value {
  const refs = value.refs.flatMap(({ sources }) =>
    sources.map((source) => refTo(source, parsedJson(build.draft, source))),
  );
  return valueOf('json', 'result', refs);
}

/** A step for each source that leaves of a list what is meant. */
export function narrowed(build: Build, value: Value, narrow: Narrow): Value {
  const expression = narrowExpression(narrow, value.form);
  return transformed(build, value, expression.stepName, expression.text, value.name, value.form);
}

function counted(build: Build, value: Value): Value {
  narrowExpression({}, value.form);
  const name = value.name.endsWith('s') ? `${value.name.slice(0, -1)}Count` : 'count';
  return transformed(build, value, 'count', '$count($)', name, 'count');
}

function transformed(
  build: Build,
  value: Value,
  stepName: string,
  expression: string,
  name: string,
  form: Form,
): Value {
  const refs = value.refs.map((ref) => {
    const key = addStep(build.draft, stepName, 'json_transform', {
      data: ref.text,
      expression: escapeText(expression),
    });
    return { ...ref, text: `\${${key}.result}` };
  });
  return valueOf(name, form, refs);
}

/** One summary of everything meant, or one for each source. */
export function summarize(build: Build, intent: Extract<Intent, { do: 'summarize' }>): Value {
  const mentioned = intent.mentions.flatMap((mention) => meant(build, mention));
  const given = mentioned.length > 0 ? mentioned : build.last;
  const values = (given.length > 0 ? given : pageValues(build)).map((value) =>
    value.form === 'page' ? readable(build, value) : value,
  );
  const groups = intent.each ? bySource(values) : [values];
  const refs = groups.map((group) => {
    const sources = group.flatMap((value) => value.refs.flatMap((ref) => ref.sources));
    const labels = [...new Set(group.flatMap((value) => value.refs.map(({ label }) => label)))];
    const key = addStep(build.draft, 'summarize', 'llm_invoke', {
      task: 'summarize',
      prompt: escapeText(promptFor(group, sources)),
      input: templateOfAll(group),
      ...(intent.sentences !== undefined && { sentences: intent.sentences }),
      ...(build.instructions && { system: escapeText(build.instructions) }),
    });
    return { label: labels.join(', '), text: `\${${key}.text}`, sources };
  });
  return valueOf('summary', 'summary', refs);
}

/** What a reader sees of a page: its text. */
function readable(build: Build, value: Value): Value {
  const refs = value.refs.flatMap(({ sources }) =>
    sources.map((source) => refTo(source, partOf(build.draft, source, 'text'))),
  );
  return valueOf('text', 'text', refs);
}

function bySource(values: readonly Value[]): Value[][] {
  const labels = new Set(values.flatMap(({ refs }) => refs.map(({ label }) => label)));
  return [...labels].map((label) =>
    values
      .map((value) => ({ ...value, refs: value.refs.filter((ref) => ref.label === label) }))
      .filter(({ refs }) => refs.length > 0),
  );
}

function promptFor(values: readonly Value[], sources: readonly Source[]): string {
  const what = [...new Set(values.map(({ name }) => name))].join(' and ');
  const places = [...new Set(sources.map(idOf))].join(', ');
  return `Summarize the ${what}${places ? ` of ${places}` : ''}. Say so when there is nothing in the input.`;
}
