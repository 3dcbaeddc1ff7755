import { problemsOf, sentence, type JsonSchema } from '@aos/core';
import { parseDocument } from 'yaml';

import type { Act, Runbook, Source, Step, Variable } from './runbook.ts';
import { frontMatterSchema, stepSchemas, type StepKind } from './step-schema.ts';

export const RUNBOOK_BYTES_MAX = 200_000;
const STEPS_MAX = 50;
const EVERY_MS = 2_000;

export interface Parsed {
  readonly runbook: Runbook;
  /** Sentences that begin with the line; the steps that are wrong are left out. */
  readonly problems: readonly string[];
}

/** Reads a page: its title, its variables, and its `aos-step` blocks in their order. */
export function parseRunbook(name: string, text: string): Parsed {
  const problems: string[] = [];
  if (text.length > RUNBOOK_BYTES_MAX) {
    return { runbook: empty(name), problems: [`The page is longer than ${RUNBOOK_BYTES_MAX}.`] };
  }
  const { front, markdown, offset } = splitFront(text);
  const variables = variablesOf(front, problems);
  const steps: Step[] = [];
  for (const { yaml, line } of blocksOf(markdown)) {
    const step = stepOf(yaml, line + offset, problems);
    if (step && steps.some(({ id }) => id === step.id)) {
      problems.push(`Line ${step.line}: the id ${step.id} is taken; give this step another one.`);
    } else if (step) steps.push(step);
  }
  if (steps.length > STEPS_MAX) problems.push(`There are more than ${STEPS_MAX} steps.`);
  const title = /^# (.+)$/m.exec(markdown)?.[1]?.trim();
  if (title === undefined) problems.push('The page has no title: begin it with "# …".');
  return { runbook: { name, title: title ?? name, variables, steps, markdown }, problems };
}

function empty(name: string): Runbook {
  return { name, title: name, variables: {}, steps: [], markdown: '' };
}

function splitFront(text: string) {
  const [whole, front] = /^---\r?\n([^]*?)\r?\n---\r?\n/.exec(text) ?? [];
  if (whole === undefined) return { front: undefined, markdown: text, offset: 0 };
  return { front, markdown: text.slice(whole.length), offset: whole.split('\n').length - 1 };
}

function variablesOf(front: string | undefined, problems: string[]): Record<string, Variable> {
  if (front === undefined) return {};
  const value = readYaml(front, frontMatterSchema, 'The front matter', problems) as
    { vars?: Record<string, { about: string; default?: string }> } | undefined;
  return Object.fromEntries(
    Object.entries(value?.vars ?? {}).map(([name, { about, default: given }]) => [
      name,
      { about, default: given },
    ]),
  );
}

/** The fenced blocks. What else is fenced is skipped, so an example of a block is none. */
function blocksOf(markdown: string): { readonly yaml: string; readonly line: number }[] {
  const blocks: { yaml: string; line: number }[] = [];
  let fence: { mark: string; step: boolean; line: number; body: string[] } | undefined;
  for (const [index, text] of markdown.split(/\r?\n/).entries()) {
    const [, mark, info = ''] = /^ {0,3}(`{3,}|~{3,})\s*(.*)$/.exec(text) ?? [];
    if (!fence) {
      if (mark) fence = { mark, step: info.trim() === 'aos-step', line: index + 1, body: [] };
    } else if (mark?.startsWith(fence.mark) && info === '') {
      if (fence.step) blocks.push({ yaml: fence.body.join('\n'), line: fence.line });
      fence = undefined;
    } else fence.body.push(text);
  }
  if (fence?.step) blocks.push({ yaml: `${fence.body.join('\n')}\n}`, line: fence.line });
  return blocks;
}

/** What the schemas let through. */
interface Block extends Readonly<Partial<Record<TextKey, string>>> {
  readonly body?: unknown;
  readonly command?: readonly string[];
  readonly background?: boolean;
  readonly careful?: boolean;
}

type TextKey =
  | StepKind
  | 'say'
  | 'if'
  | 'goto'
  | 'else'
  | 'unknown'
  | 'radius'
  | 'call'
  | 'scope'
  | 'until'
  | 'within'
  | 'every'
  | 'metric'
  | 'get'
  | 'pick'
  | 'promql';

function stepOf(yaml: string, line: number, problems: string[]): Step | undefined {
  const where = `Line ${line}`;
  const block = readYaml(yaml, { type: 'object' }, where, problems) as Block | undefined;
  if (!block) return undefined;
  const kind = Object.keys(stepSchemas).find((word) => word in block) as StepKind | undefined;
  if (!kind) {
    problems.push(`${where}: a step begins with read, decide, act or verify, and its id.`);
    return undefined;
  }
  const wrong = problemsOf(stepSchemas[kind], block);
  if (wrong.length > 0) {
    problems.push(`${where}: ${sentence(wrong)}`);
    return undefined;
  }
  const base = { id: block[kind] ?? '', say: block.say ?? '', line };
  const made = make(kind, base, block);
  if (typeof made === 'object') return made;
  problems.push(`${where}: ${made}`);
  return undefined;
}

/** The step, or what is wrong with it. */
function make(
  kind: StepKind,
  base: { readonly id: string; readonly say: string; readonly line: number },
  block: Block,
): Step | string {
  if (kind === 'decide') {
    return {
      ...base,
      kind,
      condition: block.if ?? '',
      goto: block.goto ?? '',
      else: block.else ?? '',
      unknown: block.unknown ?? 'unresolved',
    };
  }
  if (kind === 'act') {
    const act = actOf(block);
    if (typeof act === 'string') return act;
    return { ...base, kind, act, radius: block.radius ?? '', careful: block.careful === true };
  }
  const source = sourceOf(block);
  if (typeof source === 'string') return source;
  if (kind === 'read') return { ...base, kind, source };
  const withinMs = spanMs(block.within ?? '');
  const everyMs = block.every === undefined ? EVERY_MS : spanMs(block.every);
  if (withinMs > 3_600_000 || everyMs < 100) return 'within is at most 60m, every at least 100ms.';
  return {
    ...base,
    kind,
    source,
    until: block.until ?? '',
    withinMs,
    everyMs,
    else: block.else ?? 'unresolved',
  };
}

function sourceOf(block: Block): Source | string {
  const { metric, get, promql, pick } = block;
  if ([metric, get, promql].filter((given) => given !== undefined).length !== 1) {
    return 'it reads exactly one of metric, get and promql.';
  }
  if (pick !== undefined && get === undefined) return 'pick goes with get.';
  if (metric !== undefined) return { kind: 'metric', selector: metric };
  if (promql !== undefined) return { kind: 'promql', query: promql };
  return { kind: 'get', path: get ?? '', pick };
}

function actOf({ call, body, scope, command, background }: Block): Act | string {
  if ((call === undefined) === (command === undefined)) return 'it acts by a call or by a command.';
  if (command !== undefined) {
    if (body !== undefined || scope !== undefined) return 'body and scope go with a call.';
    return { kind: 'command', words: command, background: background === true };
  }
  if (background !== undefined) return 'background goes with a command.';
  if (scope === undefined) return 'a call names the scope it needs.';
  const [method, path = ''] = (call ?? '').split(' ');
  return { kind: 'call', method: method as 'POST', path, body, scope };
}

function spanMs(text: string): number {
  const [, count, unit] = /^(\d+)(ms|s|m)$/.exec(text) ?? [];
  return Number(count) * (unit === 'm' ? 60_000 : unit === 's' ? 1_000 : 1);
}

/** Undefined when it is no YAML, or not of this form; then a problem tells. */
function readYaml(text: string, schema: JsonSchema, where: string, problems: string[]): unknown {
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: false });
  const [error] = [...document.errors, ...document.warnings];
  if (error) {
    problems.push(`${where}: this is no YAML: ${error.message}`);
    return undefined;
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch (aliased) {
    if (!(aliased instanceof ReferenceError)) throw aliased;
    problems.push(`${where}: this YAML has aliases, which nobody reads at night; write it out.`);
    return undefined;
  }
  const wrong = problemsOf(schema, value);
  if (wrong.length === 0) return value;
  problems.push(`${where}: ${sentence(wrong)}`);
  return undefined;
}
