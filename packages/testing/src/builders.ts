import {
  completeAgent,
  type AgentDefinition,
  type AgentInput,
  type Catalog,
  type Goal,
  type Plan,
  type PlanStep,
  type SkillManifest,
} from '@aos/core';

/** A step that calls `echo` with nothing; say only what the test is about. */
export function aStep(step: Partial<PlanStep> = {}): PlanStep {
  return { key: 'a', skill: 'echo', input: {}, ...step };
}

export function aPlan(...steps: readonly Partial<PlanStep>[]): Plan {
  return { version: 1, steps: steps.map(aStep) };
}

/** A skill that is pure and takes and returns any object. */
export function aManifest(manifest: Partial<SkillManifest> = {}): SkillManifest {
  return {
    name: 'echo',
    version: '1.0.0',
    description: 'Return what was given.',
    input: { type: 'object' },
    output: { type: 'object' },
    effect: 'pure',
    permissions: [],
    limits: { timeoutMs: 1_000, timeoutMaxMs: 60_000, outputBytes: 1024 * 1024 },
    cost: { kind: 'free' },
    failures: [],
    examples: [],
    ...manifest,
  };
}

export function aCatalog(...manifests: readonly Partial<SkillManifest>[]): Catalog {
  const whole = manifests.map(aManifest);
  return new Map((whole.length > 0 ? whole : [aManifest()]).map((one) => [one.name, one]));
}

export function anAgent(agent: Partial<AgentInput> = {}): AgentDefinition {
  return completeAgent({ name: 'tester', description: 'Pursues the goals of tests.', ...agent });
}

export function aGoal(goal: Partial<Goal> = {}): Goal {
  return { goal: 'Say hello', input: {}, limits: {}, tags: [], ...goal };
}
