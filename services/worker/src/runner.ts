import { traceIdOf, type Catalog, type Change, type PlannerName } from '@aos/core';
import {
  advanceRun,
  type Clock,
  type Control,
  type Ending,
  type Failpoint,
  type Ports,
} from '@aos/engine';
import { makePlan, type Planner } from '@aos/planner';
import type { SkillSet } from '@aos/skills';
import type { Claim, Journal } from '@aos/store';
import { recordEvent, type Telemetry } from '@aos/telemetry';

import type { TargetWatch } from './target-watch.ts';
import { traceRun } from './trace-run.ts';

export interface RunnerOptions {
  readonly skills: SkillSet;
  readonly planners: ReadonlyMap<PlannerName, Planner>;
  readonly telemetry: Telemetry;
  readonly failpoint: (name: Failpoint) => void;
}

/** What belongs to one life of the worker. */
export interface Life {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly targetsOf: TargetWatch['of'];
}

/** Executes claimed runs: the engine on the real journal, skills and planners. */
export function createRunner(options: RunnerOptions) {
  const { skills, planners, telemetry, failpoint } = options;
  const catalog: Catalog = new Map(skills.manifests().map((manifest) => [manifest.name, manifest]));

  const portsOf = ({ journal, clock, targetsOf }: Life, claim: Claim): Ports => {
    const { id: runId, tenant, planner, traceparent } = claim.run;
    const traceId = traceIdOf(runId, traceparent);
    const context = { runId, tenant, planner, agent: claim.run.agent.name, traceId };
    const commit = async (change: Change) => {
      await journal.commit(claim, change);
      // Only what is committed is told.
      for (const event of change.events) recordEvent(telemetry, context, event);
    };
    return {
      clock,
      random: Math.random,
      skills: {
        manifest: (name) => catalog.get(name),
        execute: (call, limits) => skills.execute(call, limits),
      },
      plan: ({ goal, agent: asked }, signal) =>
        makePlan(planners, planner, { goal, agent: asked, catalog }, signal),
      targets: targetsOf({ tenant, runId }),
      commit,
      failpoint,
    };
  };

  return async (life: Life, claim: Claim, control: Control): Promise<Ending> => {
    try {
      const ports = portsOf(life, claim);
      const { tracing } = telemetry;
      if (!tracing) return await advanceRun(ports, claim.run, control);
      const advance = (traced: Ports) => advanceRun(traced, claim.run, control);
      return await traceRun(tracing, claim.run, ports, advance);
    } catch (error) {
      // What of it is still on its way must not arrive after the epoch was raised.
      await life.journal.settled(claim);
      throw error;
    }
  };
}
