import type { Config } from '@aos/config';
import type { PlannerName } from '@aos/core';
import { createEgress, type Egress } from '@aos/egress';
import { createClaude, type Model } from '@aos/llm';
import { createPlanners, type Planner } from '@aos/planner';
import { createPostgresConnections, createSkills, type SkillSet } from '@aos/skills';
import { artifacts, workspace, type Database } from '@aos/store';
import type { Tracing } from '@aos/telemetry';

import { tracedEgress } from './traced-egress.ts';

/** What this worker can do: its skills and planners, on the real outside world. */
export interface Capabilities extends AsyncDisposable {
  readonly skills: SkillSet;
  readonly egress: Egress;
  readonly planners: ReadonlyMap<PlannerName, Planner>;
}

export function createCapabilities(
  config: Config,
  database: Database,
  tracing?: Tracing,
): Capabilities {
  const { model: named } = config;
  const model: Model | undefined = named.apiKey
    ? createClaude({
        apiKey: named.apiKey,
        ...(named.baseUrl && { baseUrl: named.baseUrl }),
        ...(named.name && { model: named.name }),
      })
    : undefined;
  const bare = createEgress(config.egress);
  const egress = tracing ? tracedEgress(tracing, bare) : bare;
  const skills = createSkills({
    egress,
    ...(model && { model }),
    postgres: createPostgresConnections(config.queryConnections),
    workspace: {
      read: ({ runId }, name) => artifacts.find(database, runId, name),
      write: ({ runId, stepKey, epoch }, name, content, mediaType) =>
        workspace.write(database, { runId, stepKey, epoch, name, mediaType, content }),
    },
  });
  return {
    skills,
    egress,
    planners: createPlanners({
      ...(model && { model }),
      defaultScheme: config.planner.defaultScheme,
    }),
    async [Symbol.asyncDispose]() {
      await skills[Symbol.asyncDispose]();
      await egress[Symbol.asyncDispose]();
    },
  };
}
