import type { Json } from '@aos/core';

import { escapeText } from '../escape.ts';
import type { Build } from './build.ts';
import { addStep } from './draft.ts';
import type { Intent } from './intent.ts';
import { meant, summarize } from './meant-values.ts';
import { refusal } from './refuse.ts';
import { distinct } from './source.ts';
import type { Value } from './value.ts';

const TITLE_CHARS_MAX = 150;

/** A report with a section for every result of every source. */
export function report(build: Build, intent: Extract<Intent, { do: 'report' }>): void {
  const { title, name, format } = intent;
  if (format === 'csv' || format === 'text') {
    throw refusal(`A report is Markdown, HTML or JSON, not ${format}.`);
  }
  const values = reported(build, intent);
  const key = addReport(build, sections(values), {
    title: title ?? titleFor(values),
    ...(name !== undefined && { name }),
    ...(format && { format }),
  });
  build.reports.push(`\${${key}.name}`);
}

function addReport(
  build: Build,
  content: readonly Json[],
  rest: { readonly title: string; readonly name?: string; readonly format?: string },
): string {
  return addStep(build.draft, 'report', 'log_report', {
    ...rest,
    title: escapeText(rest.title),
    sections: content,
  });
}

function reported(build: Build, intent: Extract<Intent, { do: 'report' }>): readonly Value[] {
  const named = intent.mentions
    .filter(({ thing }) => thing !== 'page' && thing !== 'file')
    .flatMap((mention) => meant(build, mention))
    .filter(({ form }) => form !== 'page');
  if (named.length > 0) return named;
  const results = build.wanted.filter(({ form }) => form !== 'page');
  if (results.length > 0 && intent.sources.length === 0) return results;
  build.notes.push('The goal does not say what to report, so the report holds a summary.');
  const { sources, each } = intent;
  return [summarize(build, { do: 'summarize', mentions: [], sources, each })];
}

function sections(values: readonly Value[]): Json[] {
  return values.flatMap(({ name, refs }) =>
    refs.map(({ label, text }) => ({
      heading: escapeText(refs.length > 1 ? `${headline(name)} of ${label}` : headline(name)),
      content: text,
    })),
  );
}

/** `linkCount` becomes `Link count`. */
function headline(name: string): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function titleFor(values: readonly Value[]): string {
  const refs = values.flatMap((value) => value.refs);
  const sources = distinct(refs.flatMap((ref) => ref.sources)).map(({ label }) => label);
  const title = `Report on ${sources.length > 0 ? sources.join(', ') : 'the query'}`;
  return title.length > TITLE_CHARS_MAX ? `${title.slice(0, TITLE_CHARS_MAX - 1)}…` : title;
}
