import {
  AosError,
  failureOf,
  type SkillCall,
  type SkillManifest,
  type SkillResult,
} from '@aos/core';
import type { Egress } from '@aos/egress';

import { execute, type Skill } from './base.ts';
import { htmlExtract } from './html-extract.ts';
import { httpRequest } from './http-request.ts';
import { llmInvoke, type ModelPort } from './llm-invoke.ts';
import { createPool, type Pool } from './pool.ts';

/** What the skills need of the outside. Whoever makes these parts also disposes them; the pool as well. */
export interface SkillDeps {
  readonly egress: Egress;
  /** Absent: `llm_invoke` summarises by extraction and refuses the rest. */
  readonly model?: ModelPort;
  /** Absent: the set makes its own, and disposes it. */
  readonly pool?: Pool;
}

export interface SkillSet extends AsyncDisposable {
  manifests(): readonly SkillManifest[];
  get(name: string): Skill | undefined;
  /** One attempt; never throws. */
  execute(
    call: SkillCall,
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<SkillResult>;
}

export function createSkills(deps: SkillDeps): SkillSet {
  const pool = deps.pool ?? createPool();
  const skills = [httpRequest(deps.egress), htmlExtract(pool), llmInvoke(deps.model)];
  const byName = new Map(skills.map((skill) => [skill.manifest.name, skill]));
  return {
    manifests: () => skills.map(({ manifest }) => manifest),
    get: (name) => byName.get(name),
    async execute(call, options) {
      const skill = byName.get(call.skill);
      if (skill) return await execute(skill, call, options);
      const unknown = new AosError(
        'skill_not_found',
        `There is no skill ${JSON.stringify(call.skill)}.`,
      );
      return { outcome: 'failed', failure: failureOf(unknown) };
    },
    async [Symbol.asyncDispose]() {
      if (!deps.pool) await pool[Symbol.asyncDispose]();
    },
  };
}
