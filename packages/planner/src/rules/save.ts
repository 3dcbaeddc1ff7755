import type { Json } from '@aos/core';

import type { Build } from './build.ts';
import type { Format } from './clause.ts';
import { addStep, freeName } from './draft.ts';
import type { Intent } from './intent.ts';
import { meant, pageValues } from './meant-values.ts';
import { refusal } from './refuse.ts';
import { endingOf } from './source.ts';
import { isText, templateOfAll, type Form, type Ref, type Value } from './value.ts';

const endings: Readonly<Record<Format, string>> = {
  json: 'json',
  markdown: 'md',
  html: 'html',
  text: 'txt',
  csv: 'csv',
};
const formatOf: ReadonlyMap<string, Format> = new Map([
  ['json', 'json'],
  ['md', 'markdown'],
  ['markdown', 'markdown'],
  ['txt', 'text'],
  ['text', 'text'],
  ['log', 'text'],
  ['html', 'html'],
  ['htm', 'html'],
  ['csv', 'csv'],
  ['tsv', 'csv'],
]);

/** Lists that can be written line by line, and how a line of them reads. */
const lines: Partial<Record<Form, string>> = { headings: 'text', links: 'text & " " & url' };

/** Writes what is meant to one file, or to a file for each source. */
export function save(build: Build, intent: Extract<Intent, { do: 'save' }>): void {
  const named = intent.mentions.flatMap((mention) => meant(build, mention));
  const last = intent.sources.length > 0 ? [] : build.last;
  const values = named.length > 0 ? named : last.length > 0 ? last : pageValues(build);
  const form = new Set(values.map((value) => value.form));
  if (form.has('summary')) rememberSummary(build, values);
  const format = formatFor(values, intent);
  const refs = values.flatMap((value) => value.refs);
  if (!intent.each || values.length > 1 || refs.length < 2) {
    write(build, fileName(build, values, intent.name, format), content(build, values, format));
    return;
  }
  const [value] = values as [Value];
  for (const ref of value.refs) {
    const slug = ref.label.replaceAll(/[^A-Za-z0-9.]+/g, '-').slice(0, 60);
    const base = intent.name ?? `${value.name}.${endings[format]}`;
    const single = { ...value, refs: [ref] };
    write(build, base.replace(/(\.\w+)?$/, `-${slug}$1`), content(build, [single], format));
  }
}

function write(build: Build, name: string, written: Json): void {
  const key = addStep(build.draft, 'save', 'system_write_file', { name, content: written });
  build.files.push(`\${${key}.name}`);
}

/** A summary that was only asked for as a file is still the latest summary. */
function rememberSummary(build: Build, values: readonly Value[]): void {
  build.made.push(...values.filter((value) => !build.made.includes(value)));
}

function formatFor(
  values: readonly Value[],
  { name, format }: Extract<Intent, { do: 'save' }>,
): Format {
  const byName = name === undefined ? undefined : formatOf.get(endingOf(name));
  if (format && byName && format !== byName) {
    throw refusal(`The goal asks for ${format}, but ${String(name)} is a file of ${byName}.`);
  }
  const asked = format ?? byName ?? defaultFormat(values);
  const forms = values.map((value) => value.form);
  if (asked === 'csv' || (asked === 'html' && forms.some((form) => form !== 'page'))) {
    throw refusal(`The rules planner cannot write ${asked.toUpperCase()} of that; JSON it can.`);
  }
  const lineless = values.find((value) => !isText(value) && !lines[value.form]);
  if (asked !== 'json' && lineless && lineless.form !== 'count') {
    throw refusal(`The ${lineless.name} cannot be written as ${asked}; as JSON they can.`);
  }
  return asked;
}

function defaultFormat(values: readonly Value[]): Format {
  const [value] = values;
  if (values.length !== 1 || !value || !isText(value)) return 'json';
  if (value.form === 'page') return value.name === 'page' ? 'html' : 'text';
  return value.form === 'summary' ? 'markdown' : 'text';
}

function fileName(
  { draft }: Build,
  values: readonly Value[],
  name: string | undefined,
  format: Format,
): string {
  if (name !== undefined) return name;
  const base = values.length === 1 ? (values[0] as Value).name : 'results';
  const free = freeName(draft, `${base}.${endings[format]}`, '-');
  return free.replace(/^(.*)\.(\w+)-(\d+)$/, '$1-$3.$2');
}

/** JSON as it is; text as one text, with a heading for each source when there are several. */
function content(build: Build, values: readonly Value[], format: Format): Json {
  if (format === 'json') {
    const [only] = values;
    const single = templateOfAll(values);
    return only && values.length === 1 && typeof single === 'string' && isText(only)
      ? { [only.name]: single }
      : single;
  }
  const pieces = values.flatMap((value) =>
    value.refs.map((ref) => [ref.label, lineRef(build, value, ref, format)] as const),
  );
  const [only] = pieces;
  if (pieces.length === 1 && only) return only[1];
  const mark = format === 'markdown' ? '## ' : '';
  return pieces.map(([label, text]) => `${mark}${label}\n\n${text}\n`).join('\n');
}

function lineRef(build: Build, value: Value, ref: Ref, format: Format): string {
  const line = lines[value.form];
  if (line === undefined) return ref.text;
  const bullet = format === 'markdown' ? `"- " & ` : '';
  const key = addStep(build.draft, 'lines', 'json_transform', {
    data: ref.text,
    expression: `$join([$.(${bullet}${line})], "\\n")`,
  });
  return `\${${key}.result}`;
}
