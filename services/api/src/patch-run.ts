import { isDeepStrictEqual } from 'node:util';

import {
  AosError,
  applyPatch,
  diffJson,
  INPUT_BYTES_MAX,
  isDeeperThan,
  isObject,
  JSON_DEPTH_MAX,
  newRunSchema,
  PatchError,
  problemsOf,
  sentence,
  templateCallSchema,
  type Json,
  type JsonChange,
  type JsonObject,
  type PatchOperation,
  type Plan,
  type TemplateCall,
} from '@aos/core';

import { refused } from './new-run.ts';

/** What a patch is applied to. The plan is the stored one, or the template call that a replan fills again. */
export interface RunDocument {
  readonly goal: string;
  readonly input: JsonObject;
  readonly plan?: Plan | TemplateCall;
}

export type DocumentPart = keyof RunDocument;

/** Checked by themselves; a plan is inspected by whoever knows the catalog. */
const partSchema = {
  type: 'object',
  required: ['goal', 'input'],
  additionalProperties: false,
  properties: {
    goal: newRunSchema.properties.goal,
    input: newRunSchema.properties.input,
    plan: { type: 'object' },
  },
} as const;

/**
 * The document after the patch, and where it differs. Throws `invalid_request` for a patch that does not
 * apply, for one that changes another part than those named, and for what is no document any more.
 */
export function patchRun(
  document: RunDocument,
  patch: readonly PatchOperation[],
  parts: readonly DocumentPart[],
): { readonly document: RunDocument; readonly changes: readonly JsonChange[] } {
  const before = document as unknown as Json;
  const after = applied(before, patch);
  if (isDeeperThan(after, JSON_DEPTH_MAX)) {
    throw refused('#/patch', `makes a document deeper than ${JSON_DEPTH_MAX} levels`);
  }
  const problems = problemsOf(partSchema, after).map(({ pointer, detail }) => ({
    pointer: '#/patch',
    detail: `makes a document whose ${pointer.slice(1) || '/'} ${detail}`,
  }));
  if (problems.length > 0) {
    throw new AosError('invalid_request', `The request: ${sentence(problems)}`, { problems });
  }
  const patched = after as unknown as RunDocument;
  for (const part of ['goal', 'input', 'plan'] as const) {
    if (parts.includes(part) || isDeepStrictEqual(document[part], patched[part])) continue;
    const may = parts.map((name) => `/${name}`).join(' and ');
    throw refused('#/patch', `changes /${part}; in this mode it may change ${may} only`);
  }
  if (document.plan !== undefined && patched.plan === undefined) {
    throw refused('#/patch', 'removes /plan; use the mode replan to plan anew');
  }
  if (Buffer.byteLength(JSON.stringify(patched.input)) > INPUT_BYTES_MAX) {
    throw refused('#/patch', `makes an input larger than ${INPUT_BYTES_MAX} bytes`);
  }
  refuseBadCall(patched.plan);
  return { document: patched, changes: diffJson(before, after) };
}

function applied(document: Json, patch: readonly PatchOperation[]): Json {
  try {
    return applyPatch(structuredClone(document), patch) as Json;
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    throw refused('#/patch', `does not apply: ${error.message.replace(/\.$/, '')}`);
  }
}

function refuseBadCall(plan: RunDocument['plan']): void {
  if (plan === undefined || !isObject(plan) || !('template' in plan)) return;
  const [problem] = problemsOf(templateCallSchema, plan);
  if (problem) throw refused('#/patch', `makes a plan whose ${problem.pointer} ${problem.detail}`);
}
