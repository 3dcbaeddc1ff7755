/** A world for the engine: virtual time, a journal in memory, and skills that are functions. */
import {
  AosError,
  finalOutput,
  hashJson,
  isSettled,
  needsIntent,
  type ClaimedRun,
  type Decision,
  type Failure,
  type Json,
  type Outcome,
  type Plan,
  type SkillCall,
  type SkillManifest,
  type SkillResult,
} from '@aos/core';
import { aGoal, aManifest, anAgent } from '@aos/testing';

import { advanceRun } from './advance-run.ts';
import { commitsOf, noFacts, type Crash, type Facts } from './facts.fixture.ts';
import type { Control, Ending, NewPlan, Ports, Skills } from './ports.ts';
import { virtualClock } from './virtual-clock.fixture.ts';

/** What a skill does; anything that is no result of a skill is a completed output. */
export type Act = (
  call: SkillCall,
  context: { readonly signal: AbortSignal; readonly timeoutMs: number; readonly world: World },
) => unknown;

export interface Setting {
  readonly plan?: Plan;
  /** Skills by name: what they are, and what they do. */
  readonly skills?: Readonly<Record<string, Partial<SkillManifest> & { readonly act?: Act }>>;
  readonly input?: Readonly<Record<string, Json>>;
  readonly planning?: (run: ClaimedRun, signal: AbortSignal) => Promise<NewPlan>;
  readonly wallMs?: number;
  readonly expiresAt?: Date;
  readonly random?: () => number;
  /** Where the process dies: at the n-th commit or call, counted over all claims, from 1. */
  readonly crashes?: readonly Crash[];
}

export function failed(code: Failure['code'], more: Partial<Failure> = {}): SkillResult {
  return { outcome: 'failed', failure: { code, detail: `It is ${code}.`, ...more } };
}

export function unknown(): SkillResult {
  return { outcome: 'unknown', failure: { code: 'target_timed_out', detail: 'No answer came.' } };
}

export function aControl() {
  const cancel = new AbortController();
  const stop = new AbortController();
  const hurry = new AbortController();
  const lost = new AbortController();
  const control: Control = {
    cancel: cancel.signal,
    stop: stop.signal,
    hurry: hurry.signal,
    lost: lost.signal,
  };
  return { control, cancel, stop, hurry, lost };
}

export interface World extends Facts {
  readonly clock: ReturnType<typeof virtualClock>;
  readonly manifests: Map<string, SkillManifest>;
  readonly setting: Setting;
}

export function aWorld(setting: Setting): World {
  const plan = setting.plan && {
    version: 1,
    planner: 'static' as const,
    plan: setting.plan,
    hash: hashJson(setting.plan as unknown as Json),
  };
  const manifests = Object.entries<Partial<SkillManifest> & { readonly act?: Act }>({
    echo: {},
    ...setting.skills,
  }).map(([name, { act: _act, ...manifest }]) => [name, aManifest({ name, ...manifest })] as const);
  return { ...noFacts(plan), clock: virtualClock(), manifests: new Map(manifests), setting };
}

/** One claim, as far as it goes. */
export async function advance(
  world: World,
  control = aControl().control,
  change: Partial<Ports> = {},
): Promise<Ending> {
  const { clock, setting } = world;
  const holder = ++world.epoch;
  world.startedAt ??= clock.now();
  world.state = { status: 'running' };
  const never = new AbortController().signal;
  const ports: Ports = {
    clock,
    random: setting.random ?? (() => 0.5),
    skills: skillsOf(world, holder),
    plan:
      setting.planning ??
      (() => Promise.reject(new AosError('goal_not_plannable', 'There is no plan.'))),
    commit: commitsOf(world, holder, crashesOf(setting), () => clock.sleep(1, never)),
    failpoint: () => {},
    ...change,
  };
  return advanceRun(ports, claimed(world, world.startedAt), control);
}

/** Claims until the run is finished; waits are waited for, and humans always say the same. */
export async function finish(
  world: World,
  decision: Decision = 'approve',
): Promise<Outcome | undefined> {
  for (let claims = 0; claims < 200 && world.state.status !== 'finished'; claims++) {
    const ending = await advance(world);
    const { state } = world;
    if (ending !== 'waiting' || state.status !== 'waiting') continue;
    if (state.waitingFor === 'retry') world.clock.skipTo(state.wakeAt as Date);
    else decide(world, decision);
  }
  return outcomeOf(world);
}

/** Says the same about everything that is asked. */
export function decide(world: World, decision: Decision): void {
  for (const approval of world.approvals.values()) approval.decision ??= decision;
}

export function outcomeOf({ state }: World): Outcome | undefined {
  return state.status === 'finished' ? state.outcome : undefined;
}

export function outputOf(world: World): unknown {
  const { plan, steps, setting } = world;
  const goal = aGoal({ input: setting.input ?? {} });
  const output = finalOutput({ goal, ...(plan && { plan }), steps: [...steps.values()] });
  return JSON.parse(JSON.stringify(output ?? null));
}

export function typesOf(world: World): string[] {
  return world.events.map(({ type }) => type);
}

export function callsOf(world: World, key: string) {
  return world.calls.filter(({ stepKey }) => stepKey === key);
}

function crashesOf({ crashes = [] }: Setting) {
  return (at: number, when: Crash['when']) =>
    crashes.some((crash) => crash.at === at && crash.when === when);
}

function skillsOf(world: World, holder: number): Skills {
  const { manifests, setting, dead, violations } = world;
  const crashesAt = crashesOf(setting);
  const check = ({ stepKey, skill, attempt }: SkillCall) => {
    const record = world.steps.get(stepKey);
    if (isSettled(record)) violations.push(`${stepKey}: executed after it was settled`);
    const begun = record?.status === 'started' && record.attempt === attempt;
    const { effect } = manifests.get(skill) as SkillManifest;
    if (needsIntent(effect) && !begun) violations.push(`${stepKey}: an effect before its intent`);
  };
  return {
    manifest: (name) => manifests.get(name),
    async execute(call, limits) {
      const at = ++world.callsBegun;
      if (crashesAt(at, 'before_call')) dead.add(holder);
      if (dead.has(holder)) return failed('cancelled');
      check(call);
      world.calls.push({
        ...structuredClone(call),
        epoch: holder,
        at: world.clock.now().getTime(),
      });
      const act = setting.skills?.[call.skill]?.act ?? (({ input }) => input);
      const result = await act(call, { ...limits, world });
      if (crashesAt(at, 'after_call')) dead.add(holder);
      return typeof result === 'object' && result !== null && 'outcome' in result
        ? (result as SkillResult)
        : { outcome: 'completed', output: result as Json };
    },
  };
}

function claimed(world: World, startedAt: Date): ClaimedRun {
  const { plan, steps, epoch, cancelledBy, events, setting } = world;
  const decided = [...world.approvals.values()].flatMap(
    ({ id, stepKey, kind, inputHash, decision }) =>
      decision ? [[id, { stepKey, kind, inputHash, decision, by: 'Bo' }] as const] : [],
  );
  return {
    id: 'run_1',
    tenant: 'default',
    planner: 'static',
    agent: anAgent(),
    goal: aGoal({ input: setting.input ?? {} }),
    ...(plan && { plan: structuredClone(plan) }),
    steps: structuredClone([...steps.values()]),
    decisions: new Map(decided),
    epoch,
    workerId: `wrk_${epoch}`,
    createdAt: startedAt,
    startedAt,
    ...(setting.expiresAt && { expiresAt: setting.expiresAt }),
    ...(setting.wallMs && { deadlineAt: new Date(startedAt.getTime() + setting.wallMs) }),
    ...(cancelledBy && { cancelledBy }),
    stalls: 0,
    planningAttempts: events.filter(({ type }) => type === 'run.planning_failed').length,
  };
}
