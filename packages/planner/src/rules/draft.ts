import { PLAN_STEPS_MAX, type Catalog, type Json, type JsonObject, type PlanStep } from '@aos/core';

import { escapeText } from '../escape.ts';
import { refusal } from './refuse.ts';
import { idOf, maybeHtml, type Source } from './source.ts';
import type { Part } from './words.ts';

/** A plan under construction. A page is fetched once, however often the goal speaks of it. */
export interface Draft {
  readonly catalog: Catalog;
  readonly steps: PlanStep[];
  readonly branches: Map<string, Branch>;
  readonly names: Map<string, number>;
}

/** The steps that belong to one source. */
interface Branch {
  readonly key: string;
  /** The `html_extract` step, whose list of parts grows while the goal is read. */
  extract?: { readonly key: string; readonly parts: Part[] };
}

export function newDraft(catalog: Catalog): Draft {
  return { catalog, steps: [], branches: new Map(), names: new Map() };
}

/** Adds a step under a free key that begins with `name`, and returns the key. */
export function addStep(draft: Draft, name: string, skill: string, input: JsonObject): string {
  if (!draft.catalog.has(skill)) {
    throw refusal(
      `This needs the skill ${skill}, which is not in the catalog or not allowed to the agent.`,
    );
  }
  if (draft.steps.length >= PLAN_STEPS_MAX) {
    throw refusal(`The goal needs more than ${PLAN_STEPS_MAX} steps, the most a plan may have.`);
  }
  const key = freeName(draft, name);
  draft.steps.push({ key, skill, input });
  return key;
}

/** `name`, or `name_2`, `name_3` … when it is taken. */
export function freeName({ names }: Draft, name: string, separator = '_'): string {
  const count = (names.get(name) ?? 0) + 1;
  names.set(name, count);
  return count === 1 ? name : `${name}${separator}${count}`;
}

/** The source as it is: the text of the response or of the file. */
export function rawText(draft: Draft, source: Source): string {
  return `\${${branchOf(draft, source).key}.text}`;
}

export function parsedJson(draft: Draft, source: Source): string {
  if (source.kind === 'file') {
    throw refusal(`${source.label} is a file, and only a fetched page is parsed as JSON.`);
  }
  return `\${${branchOf(draft, source).key}.json}`;
}

/** One part of a page. What is no HTML by its name has only its text. */
export function partOf(draft: Draft, source: Source, part: Part): string {
  if (!maybeHtml(source)) {
    if (part === 'text') return rawText(draft, source);
    throw refusal(`${source.label} is no HTML by its name, so it has no ${part} to extract.`);
  }
  const branch = branchOf(draft, source);
  branch.extract ??= addExtract(draft, source, branch.key);
  const { key, parts } = branch.extract;
  if (!parts.includes(part)) parts.push(part);
  return `\${${key}.${part}}`;
}

function addExtract(draft: Draft, source: Source, from: string): NonNullable<Branch['extract']> {
  const parts: Part[] = [];
  const key = addStep(draft, 'extract', 'html_extract', {
    html: `\${${from}.text}`,
    ...(source.kind === 'page'
      ? { contentType: `\${${from}.contentType}`, baseUrl: `\${${from}.url}` }
      : { contentType: `\${${from}.mediaType}` }),
    extract: parts,
  });
  return { key, parts };
}

function branchOf(draft: Draft, source: Source): Branch {
  const id = idOf(source);
  const known = draft.branches.get(id);
  if (known) return known;
  const key =
    source.kind === 'page'
      ? addStep(draft, 'fetch', 'http_request', { url: escapeText(source.url) })
      : addStep(draft, 'read', 'system_read_file', { name: source.name });
  const branch: Branch = { key };
  draft.branches.set(id, branch);
  return branch;
}

/** The value of one or of several references: alone, or by label. */
export function byLabel(entries: readonly (readonly [string, Json])[]): Json {
  const [only] = entries;
  if (entries.length === 1 && only) return only[1];
  const used = new Map<string, number>();
  return Object.fromEntries(
    entries.map(([label, value]) => {
      const count = (used.get(label) ?? 0) + 1;
      used.set(label, count);
      return [count === 1 ? label : `${label} (${count})`, value] as const;
    }),
  );
}
