import { boot, type WorkerProcess } from './boot.ts';
import { age, count, type World } from './world.ts';

const kinds = ['kill', 'vanish', 'pause', 'partition', 'cut', 'roll', 'outage'] as const;
type Kind = (typeof kinds)[number];

/** The server keeps the connection of a host that vanished, and its lock, for so long. */
const KEEPALIVE_MS = 12_000;
const KILLED_MS = 5;
const GRACE_MAX_MS = 3_000;
const SETTLE_MS = 5_000;
const FIRST_MS = 1_500;
const AGAIN_MS = 300;
/** After these somebody must recover the runs. */
const CALM = ['kill', 'vanish', 'pause', 'partition'] as const;

/** A machine, with a worker that is started again whenever it ends. */
interface Machine {
  worker: WorkerProcess;
}

/** The machines, and what befalls them. */
export function startMachines(world: World): readonly { readonly worker: WorkerProcess }[] {
  const { random, odds, virtual } = world;
  const machines = Array.from({ length: odds.machines }, (_, nth) =>
    startMachine(world, `m${nth}`, random.between(-odds.skewMaxMs, odds.skewMaxMs)),
  );
  const next = () => {
    if (!world.isStormy()) return;
    const struck = victim(world, machines);
    if (odds.calm && !struck.holds) return void virtual.after(AGAIN_MS, next);
    strike(world, struck.machine, random.pick(odds.calm ? CALM : kinds));
    const every = odds.faultEveryMs;
    virtual.after(odds.calm ? every : random.between(every / 2, every * 1.5), next);
  };
  virtual.after(FIRST_MS + random.between(0, 3_000), next);
  return machines;
}

/** More often one that has something to lose. */
function victim({ random, tables, odds }: World, machines: readonly Machine[]) {
  const holders = machines.filter(({ worker }) =>
    [...tables.runs.values()].some(
      (run) => run.workerUuid === worker.session?.uuid && run.workerUuid,
    ),
  );
  const holds = holders.length > 0 && (odds.calm || random.chance(0.7));
  return { holds, machine: random.pick(holds ? holders : machines) };
}

function startMachine(world: World, name: string, skewMs: number): Machine {
  const { random, virtual } = world;
  const start = () => {
    const worker = boot(world, name, skewMs);
    const { process } = worker;
    process.onDeath = () => {
      lose(world, worker);
      worker.bury();
      virtual.after(random.between(100, 2_000), () => {
        machine.worker = start();
      });
    };
    void worker.ended.then(process.kill);
    return worker;
  };
  const machine: Machine = { worker: start() };
  return machine;
}

/** The process is gone, and its server finds out: at once, unless the whole host vanished. */
function lose({ virtual }: World, { session, vanishes }: WorkerProcess): void {
  if (session) virtual.after(vanishes ? KEEPALIVE_MS : KILLED_MS, session.drop);
}

function strike(world: World, { worker }: Machine, kind: Kind): void {
  const { random, virtual, counts, tables, odds } = world;
  const { process, network, session } = worker;
  if (!process.alive || process.frozen) return;
  const held = [...tables.runs.values()].filter((run) => run.workerUuid === session?.uuid);
  count(counts.faults, kind);
  if (session && held.length > 0) count(counts.hits, kind);
  world.trace(() => `fault ${kind} of ${process.name}, which holds ${held.length}`);
  switch (kind) {
    case 'kill':
      expectRecovery(world, kind, held);
      return process.kill();
    case 'vanish':
      expectRecovery(world, kind, held);
      worker.vanishes = true;
      return process.kill();
    case 'pause': {
      const ms = random.between(200, odds.calm ? 10_000 : 11_000);
      if (ms > 8_000) expectRecovery(world, kind, held);
      process.freeze();
      virtual.after(ms, process.thaw);
      return;
    }
    case 'partition': {
      const ms = random.between(200, odds.calm ? 10_000 : 12_000);
      if (ms > 8_000) expectRecovery(world, kind, held);
      network.cutUntil = virtual.now() + ms;
      return;
    }
    case 'cut':
      session?.drop();
      if (session) process.after(random.between(1, 30), session.ears.onCut, 'arrival');
      return;
    case 'roll': {
      worker.stop.abort('roll');
      const graceMs = random.between(100, GRACE_MAX_MS);
      process.after(graceMs, () => worker.hurry.abort('grace'));
      process.after(graceMs + SETTLE_MS, process.kill);
      return;
    }
    case 'outage':
      world.downUntil = virtual.now() + random.between(100, 3_000);
      return;
  }
}

/** Where nothing else goes wrong, how long its runs are in nobody's hands is a promise. */
function expectRecovery(
  world: World,
  fault: string,
  held: readonly { readonly uuid: string; readonly epoch: number }[],
): void {
  if (!world.odds.calm) return;
  const since = age(world);
  for (const { uuid, epoch } of held) world.awaited.set(uuid, { fault, since, epoch });
}
