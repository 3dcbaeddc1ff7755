import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import type { Library } from './library.ts';
import { callProblems, type OpenApiDocument } from './lint-calls.ts';
import { stepProblems } from './lint-steps.ts';
import { metricNames } from './metric-names.ts';
import { parseRunbook } from './parse.ts';
import { parseSelector } from './read-metric.ts';
import type { Runbook, Source, Step } from './runbook.ts';

export type { OpenApiDocument } from './lint-calls.ts';

/** What runbooks may speak of. */
export interface Known {
  readonly openApi: OpenApiDocument;
  /** By name, as the metric table has them. */
  readonly metrics: readonly { readonly name: string; readonly type: string }[];
}

/** Without what is fenced and without blank lines. */
export const PROSE_LINES_MAX = 80;

const ALERT_SECTIONS = ['Meaning', 'Impact', 'Diagnosis', 'Mitigation', 'Verify'];
const PROCEDURE_SECTIONS = ['When', 'Steps', 'Verify'];
/** A form to fill in, and no procedure. */
const FORMS = new Set(['incident-template']);
/** What Prometheus makes by itself. */
const SCRAPED = new Set(['up', 'ALERTS', 'ALERTS_FOR_STATE', 'scrape_duration_seconds']);

/** Every page, and the index, which names each of them. */
export function lintLibrary(library: Library, known: Known): string[] {
  const { index, names } = library;
  const unlisted = names.filter((name) => !index?.text.includes(`](${name}.md)`));
  return [
    ...(index ? linkProblems(index.text, library.folder) : ['There is no README.md.']).map(
      (problem) => `README: ${problem}`,
    ),
    ...unlisted.map((name) => `README: it does not link to ${name}.md.`),
    ...names.flatMap((name) => {
      const text = library.page(name)?.text ?? '';
      return lintRunbook(name, text, library.folder, known).map((problem) => `${name}: ${problem}`);
    }),
  ];
}

/** What is wrong with a page, in sentences; none when nothing is. */
export function lintRunbook(name: string, text: string, folder: string, known: Known): string[] {
  const { runbook, problems } = parseRunbook(name, text);
  return [
    ...problems,
    ...sectionProblems(runbook),
    ...lengthProblems(runbook),
    ...linkProblems(runbook.markdown, folder),
    ...stepProblems(runbook),
    ...runbook.steps.flatMap((step) => [
      ...callProblems(step, known.openApi),
      ...metricProblems(step, known.metrics),
    ]),
  ];
}

function sectionProblems({ name, markdown }: Runbook): string[] {
  if (FORMS.has(name)) return [];
  const found = [...unfenced(markdown).matchAll(/^## (.+)$/gm)].map(([, title = '']) =>
    title.trim(),
  );
  const wanted = /^[A-Z]/.test(name) ? ALERT_SECTIONS : PROCEDURE_SECTIONS;
  return wanted
    .filter((section) => !found.includes(section))
    .map((section) => `The section "## ${section}" is missing.`);
}

function lengthProblems({ markdown }: Runbook): string[] {
  const lines = unfenced(markdown)
    .split('\n')
    .filter((line) => line.trim() !== '').length;
  return lines > PROSE_LINES_MAX
    ? [`It has ${lines} lines of prose; ${PROSE_LINES_MAX} is the most anybody reads at night.`]
    : [];
}

function linkProblems(markdown: string, folder: string): string[] {
  return [...unfenced(markdown).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^(https?:|#)/.test(target)) return [];
    const file = target.replace(/#.*$/, '');
    return existsSync(resolve(folder, file)) ? [] : [`The link ${target} leads nowhere.`];
  });
}

function metricProblems(step: Step, metrics: Known['metrics']): string[] {
  if (step.kind !== 'read' && step.kind !== 'verify') return [];
  const known = new Set(
    metrics.flatMap(({ name, type }) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
  return namesIn(step.source)
    .filter((name) => !known.has(name) && !(step.source.kind === 'promql' && SCRAPED.has(name)))
    .map((name) => `Line ${step.line}: there is no metric ${name}.`);
}

function namesIn(source: Source): string[] {
  if (source.kind === 'promql') return metricNames(source.query);
  if (source.kind === 'get') return [];
  try {
    return [parseSelector(source.selector).name];
  } catch {
    return [source.selector];
  }
}

/** The page without what is fenced. */
function unfenced(markdown: string): string {
  return markdown.replaceAll(/^ {0,3}(`{3,}|~{3,})[^\n]*\n[^]*?^ {0,3}\1[^\n]*$/gm, '');
}
