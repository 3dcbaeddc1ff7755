/** Targets in memory, as all workers share them: the same decisions as the real ones. */
import {
  admits,
  allowance,
  CLEAR,
  hear,
  mayProbe,
  probe,
  tick,
  tryAgainAt,
  verdictOf,
  type Circuit,
  type SkillResult,
} from '@aos/core';

import type { Leave, Outage, Targets } from './targets.ts';
import type { World } from './world.fixture.ts';

export interface SharedTargets {
  /** For the run of this world. Its input names the target. */
  of(world: World, runId: string): Targets;
  circuit(target: string): Circuit;
  set(target: string, circuit: Circuit): void;
  /** Lets those go who may; gives the worlds whose runs can go on. */
  tend(target: string, worlds: readonly World[], now: Date): readonly World[];
}

export function sharedTargets(): SharedTargets {
  const circuits = new Map<string, Circuit>();
  const known = (target: string) => circuits.get(target) ?? CLEAR;
  return {
    circuit: known,
    set: (target, circuit) => void circuits.set(target, circuit),
    of: (world, runId) => ({
      of: (_skill, input) => (typeof input['at'] === 'string' ? input['at'] : undefined),
      isClear: (target) => known(target).state.kind === 'clear',
      enter(target, { timeoutMs, released }): Leave {
        const now = world.clock.now();
        const circuit = known(target);
        let may = released ? admits(circuit, released) : 'wait';
        if (circuit.state.kind === 'clear') may = 'call';
        if (may === 'wait' && mayProbe(circuit, now)) may = 'probe';
        if (may === 'wait') return { may, outage: outage(circuit) };
        if (may === 'probe') circuits.set(target, probe(circuit, timeoutMs, now));
        const isProbe = may === 'probe';
        return {
          may: 'call',
          left(result: SkillResult) {
            const verdict = verdictOf(result);
            const failure = result.outcome === 'completed' ? undefined : result.failure;
            const failed = verdict === 'failed' && failure ? [{ runId, failure }] : [];
            const heard = { answered: verdict === 'answered' ? 1 : 0, failed };
            const more = isProbe ? { probe: verdict } : {};
            const next = hear(known(target), { ...heard, ...more }, world.clock.now());
            circuits.set(target, next);
            const isOut = next.state.kind !== 'clear' && next.state.kind !== 'releasing';
            return isOut && failed.length > 0 ? outage(next) : undefined;
          },
        };
      },
    }),
    tend(target, worlds, now) {
      const parked = worlds.flatMap(parkedIn);
      const tickets = Math.min(parked.length, allowance(known(target), now));
      circuits.set(target, tick(known(target), { tickets, waiting: parked.length }, now));
      return parked.slice(0, tickets).map(({ world, step, wait }) => {
        world.steps.set(step.key, { ...step, wait: { ...wait, released: now } });
        return world;
      });
    },
  };
}

function parkedIn(world: World) {
  return [...world.steps.values()].flatMap((step) =>
    step.status === 'waiting' && step.wait.for === 'target' && !step.wait.released
      ? [{ world, step, wait: step.wait }]
      : [],
  );
}

function outage(circuit: Circuit): Outage {
  const until = tryAgainAt(circuit);
  return {
    failure: circuit.failure ?? { code: 'target_failed', detail: 'It is out.' },
    answersAgain: circuit.state.kind === 'releasing',
    ...(until && { until }),
  };
}
