import { startMachines } from './faults.ts';
import { checkInvariants } from './invariants.ts';
import { deal } from './odds.ts';
import { startPeople } from './people.ts';
import { seeded } from './random.ts';
import type { JobRow } from './tables.ts';
import { age, createWorld, type Counts, type World } from './world.ts';

export interface Simulation {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly counts: Counts;
  readonly runs: number;
  readonly events: number;
  readonly effects: number;
  /** How long it took by its own time. */
  readonly virtualMs: number;
  readonly tasks: number;
  readonly trace: readonly string[];
}

/** Every run has ended by then: the storm is over, and nobody waits longer than a plan may ask for. */
const AFTER_STORM_MS = 120_000;
const LOOK_EVERY_MS = 250;
/** A hundred times what a history takes is a circle. */
const TASKS_MAX = 60_000;
/** Longer than any answer to a claim may take, shorter than the backstop needs. */
const DRIVERLESS_MAX_MS = 14_000;

/** One history that follows from its seed, and what is wrong with it. */
export async function simulate(
  seed: number,
  options: { readonly traced?: boolean } = {},
): Promise<Simulation> {
  // Promises alone never let the event loop turn, and what only it sets free would pile up.
  await new Promise((resolve) => setImmediate(resolve));
  const random = seeded(seed);
  const odds = deal(random);
  const world = createWorld(random, odds);
  const trace = options.traced ? keepTrace(world) : [];
  let over = false;
  const people = startPeople(world, () => over);
  const machines = startMachines(world);
  const isAttended = () => machines.some(({ worker }) => worker.isWell());
  watchRuns(world, { people, isAttended }, () => {
    over = true;
  });
  await world.virtual.run(() => over);
  checkInvariants(world);
  for (const { worker } of machines) worker.process.kill();
  const { tables, counts, violations, virtual } = world;
  return {
    seed,
    violations,
    counts,
    runs: tables.runs.size,
    events: [...tables.runs.values()].reduce((sum, { events }) => sum + events.length, 0),
    effects: world.effects.length,
    virtualMs: age(world),
    tasks: virtual.tasksDone,
    trace,
  };
}

/** Ends the simulation when all has ended, or nothing does; notices runs that nobody works on. */
function watchRuns(
  world: World,
  { people, isAttended }: { people: { busy(): boolean }; isAttended: () => boolean },
  end: () => void,
): void {
  const { tables, odds, virtual, violations } = world;
  const driverless = new Map<string, number>();
  const waiting = new Map<JobRow, number>();
  const look = () => {
    if (virtual.tasksDone > TASKS_MAX) {
      violations.push('I1: busy without an end');
      return end();
    }
    const open = [...tables.runs.values()].filter(({ status }) => status !== 'finished');
    if (!world.isStormy() && open.length === 0 && !people.busy()) return end();
    if (age(world) > odds.stormMs + AFTER_STORM_MS) {
      for (const { uuid, status, workerUuid, waitingFor } of open) {
        violations.push(`I1 ${uuid}: still ${status} ${waitingFor ?? workerUuid ?? ''}`);
      }
      if (people.busy()) violations.push('I1: somebody was never answered');
      return end();
    }
    // Where nobody can look, nobody can help.
    if (!isAttended()) {
      driverless.clear();
      waiting.clear();
    }
    for (const job of tables.jobs.values()) {
      if (job.state !== 'created' || job.startAfter > virtual.now()) continue;
      const since = waiting.get(job) ?? age(world);
      waiting.set(job, since);
      if (age(world) - since <= DRIVERLESS_MAX_MS) continue;
      violations.push(`I1 ${job.uuid}: due, and nobody takes it`);
      waiting.set(job, Infinity);
    }
    for (const { uuid, epoch, status } of open) {
      const name = `${uuid} ${epoch}`;
      const driven = [...world.flights].some((one) => one.uuid === uuid && one.epoch === epoch);
      if (status !== 'running' || driven) {
        driverless.delete(name);
        continue;
      }
      const since = driverless.get(name) ?? age(world);
      driverless.set(name, since);
      if (age(world) - since > DRIVERLESS_MAX_MS) {
        violations.push(`I1 ${name}: held, and nobody behind it`);
        driverless.set(name, Infinity);
      }
    }
    virtual.after(LOOK_EVERY_MS, look);
  };
  virtual.after(LOOK_EVERY_MS, look);
}

/** Lines that a person can read, without the ids that real clocks and dice are in. */
function keepTrace(world: World): string[] {
  const lines: string[] = [];
  const names = new Map<string, string>();
  world.trace = (text) => {
    const plain = text().replaceAll(/apr_[0-9a-f-]+/g, (id) => {
      const name = names.get(id) ?? `apr_${names.size + 1}`;
      names.set(id, name);
      return name;
    });
    lines.push(`${(age(world) / 1_000).toFixed(4).padStart(9)} ${plain}`);
  };
  return lines;
}
