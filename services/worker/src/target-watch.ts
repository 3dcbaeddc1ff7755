import { mayProbe, type Circuit } from '@aos/core';
import { createBell, type Targets } from '@aos/engine';
import type { SkillSet } from '@aos/skills';
import { parked, targets, type Database, type Queue } from '@aos/store';
import type { Telemetry } from '@aos/telemetry';

import { clock } from './clock.ts';
import { createLedger } from './ledger.ts';
import { tellOfChange } from './target-log.ts';
import { targetsOf, type Known } from './targets-of.ts';

export interface TargetWatch {
  /** The targets of one run, for the engine. */
  readonly of: (run: { readonly tenant: string; readonly runId: string }) => Targets;
  /** Something changed: look at once. */
  readonly look: () => void;
  stop(): Promise<void>;
}

export interface TargetWatchOptions {
  readonly database: Database;
  readonly queue: Queue;
  readonly telemetry: Telemetry;
  readonly skills: SkillSet;
}

/** A notice can be lost: what is known here is at most this old. */
const LOOK_EVERY_MS = 1_000;
/** Between two steps of the ramp; at a random moment of it, since all workers do it. */
const RAMP_EVERY_MS = 250;
const STRANDED_EVERY_MS = 5_000;

/**
 * Keeps in mind what is out, so that a step whose target works asks nobody; lets those go on who waited
 * for what works again. Each worker does it, and whoever is first does the work.
 */
export function watchTargets(options: TargetWatchOptions): TargetWatch {
  const { database, queue, telemetry } = options;
  let out: ReadonlyMap<string, targets.TargetId & { readonly circuit: Circuit }> = new Map();
  const bell = createBell(clock);
  const known: Known = {
    circuit: (id) => out.get(keyOf(id))?.circuit,
    learn(id, circuit) {
      const before = out.get(keyOf(id))?.circuit.state.kind ?? 'clear';
      const next = new Map(out);
      if (circuit.state.kind === 'clear') next.delete(keyOf(id));
      else next.set(keyOf(id), { ...id, circuit });
      out = next;
      if (before !== circuit.state.kind) bell.ring();
    },
  };
  const ledger = createLedger(async (id, heard) => {
    const changed = await targets.hear(database, id, heard);
    tellOfChange(telemetry, id, changed);
    known.learn(id, changed.circuit);
    return changed.circuit;
  });
  const stopping = new AbortController();
  const failed = (error: unknown) =>
    telemetry.log.debug('targets.failed', { error: String(error) });

  const look = async (): Promise<void> => {
    const rows = await targets.listOut(database);
    out = new Map(rows.map((row) => [keyOf(row), row]));
    for (const { circuit, ...id } of rows) {
      if (circuit.state.kind !== 'releasing' && !mayProbe(circuit, new Date())) continue;
      const tended = await parked.tend(database, queue, id);
      if (tended) tellOfChange(telemetry, id, tended);
    }
  };
  const loop = async (): Promise<void> => {
    // Workers that start together do not look together.
    let strandedAt = performance.now() - Math.random() * STRANDED_EVERY_MS;
    while (!stopping.signal.aborted) {
      bell.hush();
      await look().catch(failed);
      if (performance.now() - strandedAt > STRANDED_EVERY_MS) {
        strandedAt = performance.now();
        await parked.pickUpStranded(database).catch(failed);
      }
      await bell.sleep(restMs([...out.values()].map(({ circuit }) => circuit)));
    }
  };
  const looping = loop();

  return {
    of: (run) => targetsOf(run, { known, ledger, database, skills: options.skills }),
    look: bell.ring,
    async stop() {
      stopping.abort();
      bell.ring();
      await looping;
    },
  };
}

function restMs(circuits: readonly Circuit[]): number {
  if (circuits.some(({ state }) => state.kind === 'releasing')) {
    return RAMP_EVERY_MS * (0.5 + Math.random());
  }
  const dueMs = circuits.flatMap(({ state }) =>
    'until' in state && state.until ? [state.until.getTime() - Date.now()] : [],
  );
  // What is due and cannot be tried, since nobody waits for it, is no reason to hurry.
  return Math.min(LOOK_EVERY_MS, ...dueMs.filter((ms) => ms > 0));
}

function keyOf({ tenant, target }: targets.TargetId): string {
  return `${tenant} ${target}`;
}
