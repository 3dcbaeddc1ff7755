import {
  AosError,
  failureOf,
  type JsonObject,
  type SkillCall,
  type SkillManifest,
  type SkillResult,
} from '@aos/core';
import type { Egress } from '@aos/egress';

import { execute, targetOf, type Skill } from './base.ts';
import { htmlExtract } from './html-extract.ts';
import { httpRequest } from './http-request.ts';
import { jsonTransform } from './json-transform.ts';
import { llmInvoke, type ModelPort } from './llm-invoke.ts';
import { logReport } from './log-report.ts';
import { createPool, type Pool } from './pool.ts';
import type { PostgresConnections } from './postgres/connections.ts';
import { postgresQuery } from './postgres-query.ts';
import { systemReadFile } from './system-read-file.ts';
import { systemWriteFile } from './system-write-file.ts';
import type { Workspace } from './workspace.ts';

/** What the skills need of the outside. */
export interface SkillDeps {
  readonly egress: Egress;
  readonly workspace: Workspace;
  /** Disposed with the set. */
  readonly postgres: PostgresConnections;
  /** Absent: `llm_invoke` summarises by extraction and refuses the rest. */
  readonly model?: ModelPort;
  /** Disposed with the set; its own when absent. */
  readonly pool?: Pool;
}

export interface SkillSet extends AsyncDisposable {
  manifests(): readonly SkillManifest[];
  get(name: string): Skill | undefined;
  /** What a call would reach that may be out for everybody; never throws. */
  targetOf(skill: string, input: JsonObject): string | undefined;
  /** One attempt; never throws. */
  execute(
    call: SkillCall,
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<SkillResult>;
}

export function createSkills(deps: SkillDeps): SkillSet {
  const pool = deps.pool ?? createPool();
  const skills = [
    httpRequest(deps.egress),
    htmlExtract(pool),
    jsonTransform(pool),
    llmInvoke(deps.model),
    systemReadFile(deps.workspace),
    systemWriteFile(deps.workspace),
    postgresQuery(deps.postgres),
    logReport(deps.workspace),
  ];
  const byName = new Map(skills.map((skill) => [skill.manifest.name, skill]));
  return {
    manifests: () => skills.map(({ manifest }) => manifest),
    get: (name) => byName.get(name),
    targetOf(name, input) {
      const skill = byName.get(name);
      return skill && targetOf(skill, input);
    },
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
      await Promise.all([pool[Symbol.asyncDispose](), deps.postgres[Symbol.asyncDispose]()]);
    },
  };
}
