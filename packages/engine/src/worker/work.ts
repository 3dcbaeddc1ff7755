import type { Clock, Control, Ending } from '../ports.ts';
import { createDatabaseClock } from './database-clock.ts';
import { doDuties } from './duties.ts';
import { keepLease, type Lease } from './lease.ts';
import { createPool, type Pool } from './pool.ts';
import type { Held, Life, Link, WorkerPorts } from './worker-ports.ts';

export interface WorkSignals {
  /** Take no new runs; let steps under way end. */
  readonly stop: AbortSignal;
  /** The grace is over: cut what can be repeated. */
  readonly hurry: AbortSignal;
}

const RECONNECT_MS = 500;
/** A run that cannot even be ended would come back at once, again and again. */
const LET_GO_PAUSE_MS = 30_000;
const LET_GO_AGAIN_MS = 1_000;

/**
 * Works until told to stop. Each pass is one life under one lease: when the lease is lost, by a database
 * that was away or a process that was frozen, everything in hand is dropped, and a new life begins
 * under a new id.
 */
export async function work<Claim extends Held>(
  ports: WorkerPorts<Claim>,
  signals: WorkSignals,
): Promise<void> {
  const { stop } = signals;
  while (!stop.aborted) {
    try {
      await live(ports, signals);
    } catch (error) {
      ports.tell({ what: 'error', of: 'session', error });
    }
    if (stop.aborted) return;
    const reason = 'The worker has no lease: the database does not answer.';
    ports.tell({ what: 'not_ready', reason });
    await ports.time.sleep(RECONNECT_MS, stop);
  }
}

async function live<Claim extends Held>(
  ports: WorkerPorts<Claim>,
  { stop, hurry }: WorkSignals,
): Promise<void> {
  const { time, tell } = ports;
  const clock = createDatabaseClock(time);
  let lease: Lease | undefined;
  let pool: Pool | undefined;
  let cut = false;
  const askedAt = time.monotonicMs();
  const link = await ports.open({
    onWork: () => pool?.wake(),
    onCancel: () => lease?.renew(),
    onCut() {
      cut = true;
      lease?.lose();
    },
  });
  clock.align(link.at, askedAt, time.monotonicMs());
  lease = keepLease({
    time,
    times: ports.lease,
    askedAt,
    renewal: () => link.renew(),
    onRenewal({ cancelling, at }, sentAt) {
      if (at) clock.align(at, sentAt, time.monotonicMs());
      for (const { uuid, by } of cancelling) pool?.cancel(uuid, by);
    },
  });
  const { lost } = lease;
  lost.addEventListener('abort', () => link.cut());
  if (cut) lease.lose();
  const life: Life<Claim> = { link, clock: fenced(clock, lease) };
  const onError = (error: unknown) => tell({ what: 'error', of: 'work', error });
  pool = createPool({
    time,
    slots: ports.slots,
    ...(ports.mayTake && { mayTake: ports.mayTake }),
    take: (max) => link.take(max),
    advance: (claim, control) => advance(ports, life, claim, control),
    stop,
    hurry,
    lost,
    onError,
  });
  const over = new AbortController();
  const duties = doDuties({ time, link, pool, tell, over: over.signal });
  stop.addEventListener('abort', () => void link.stopping().catch(onError), { signal: lost });
  tell({ what: 'ready', id: link.id, pool });

  await pool.run();
  tell({ what: 'not_ready', reason: 'The worker is stopping.' });
  over.abort('over');
  await duties;
  if (!lost.aborted) await link.stopped().catch(onError);
  else if (!stop.aborted) tell({ what: 'lease_lost', id: link.id });
  lease.lose();
}

/** Whoever wakes up knows first whether the runs are still ours. */
function fenced(clock: Clock, lease: Lease): Clock {
  return {
    now: () => clock.now(),
    async sleep(ms, signal) {
      await clock.sleep(ms, signal);
      lease.check();
    },
    after: (ms, then) =>
      clock.after(ms, () => {
        lease.check();
        then();
      }),
  };
}

/** Advances the run. One that can neither go on nor be ended is let go, however long that takes. */
async function advance<Claim extends Held>(
  ports: WorkerPorts<Claim>,
  life: Life<Claim>,
  claim: Claim,
  control: Control,
): Promise<Ending> {
  try {
    return await ports.advance(life, claim, control);
  } catch (error) {
    ports.tell({ what: 'error', of: 'work', error });
    await letGo(ports, life.link, claim, control.lost);
    return 'released';
  }
}

async function letGo<Claim extends Held>(
  { time, tell }: WorkerPorts<Claim>,
  link: Link<Claim>,
  claim: Claim,
  lost: AbortSignal,
): Promise<void> {
  while (!lost.aborted) {
    try {
      return await link.letGo(claim, LET_GO_PAUSE_MS);
    } catch (error) {
      tell({ what: 'error', of: 'work', error });
      await time.sleep(LET_GO_AGAIN_MS, lost);
    }
  }
}
