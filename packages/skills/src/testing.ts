import { createHash } from 'node:crypto';

import type { JsonObject, SkillResult } from '@aos/core';

import { execute, type Skill } from './base.ts';
import type { Workspace } from './workspace.ts';

/** For the tests of this package: one call of a skill, as the engine would make it. */
export async function attempt(
  skill: Skill,
  input: object,
  options: { signal?: AbortSignal; timeoutMs?: number; tenant?: string } = {},
): Promise<SkillResult> {
  return execute(
    skill,
    {
      tenant: options.tenant ?? 'default',
      runId: 'run_1',
      stepKey: 'step',
      epoch: 1,
      attempt: 1,
      agent: 'default',
      skill: skill.manifest.name,
      input: input as JsonObject,
      idempotencyKey: 'key-of-run-and-step',
    },
    {
      signal: options.signal ?? new AbortController().signal,
      timeoutMs: options.timeoutMs ?? 30_000,
    },
  );
}

/** The output of a call that must complete. */
export async function outputOf<T>(
  skill: Skill,
  input: object,
  options?: Parameters<typeof attempt>[2],
): Promise<T> {
  const result = await attempt(skill, input, options);
  if (result.outcome !== 'completed') throw new Error(JSON.stringify(result));
  // As it is read back from the database.
  return JSON.parse(JSON.stringify(result.output)) as T;
}

/** A call that must not complete, as `outcome code: detail`. */
export async function failureOf(
  skill: Skill,
  input: object,
  options?: Parameters<typeof attempt>[2],
): Promise<string> {
  const result = await attempt(skill, input, options);
  if (result.outcome === 'completed')
    throw new Error(`completed: ${JSON.stringify(result.output)}`);
  return `${result.outcome} ${result.failure.code}: ${result.failure.detail}`;
}

/** A workspace of one tenant in memory, behind the same port as the real one. */
export function memoryWorkspace(): Workspace & {
  files: Map<string, { content: Buffer; mediaType: string }>;
} {
  const files = new Map<string, { content: Buffer; mediaType: string }>();
  return {
    files,
    async read({ runId }, name) {
      const file = files.get(`${runId} ${name}`);
      return file && { ...file, digest: digestOf(file.content) };
    },
    async write({ runId }, name, content, mediaType) {
      files.set(`${runId} ${name}`, { content, mediaType });
      return { digest: digestOf(content), bytes: content.length };
    },
  };
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
