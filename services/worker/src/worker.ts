import type { Config } from '@aos/config';
import type { Failpoint } from '@aos/engine';
import {
  letGo,
  openJournal,
  openQueue,
  take,
  type Claim,
  type Database,
  type Job,
  type Journal,
  type Queue,
} from '@aos/store';
import type { Telemetry } from '@aos/telemetry';

import type { Capabilities } from './capabilities.ts';
import { createPool, type Pool } from './pool.ts';
import { leaveWhenIdle } from './quarantine.ts';
import { startRescuer } from './rescuer.ts';
import { createRunner } from './runner.ts';
import { openSession, type Session } from './session.ts';
import { watchTargets, type TargetWatch } from './target-watch.ts';

export interface WorkerOptions {
  readonly config: Config;
  readonly version: string;
  readonly port: number;
  readonly database: Database;
  readonly capabilities: Capabilities;
  readonly telemetry: Telemetry;
  readonly failpoint: (name: Failpoint) => void;
  /** It takes only runs that seem to kill their workers, one at a time, and goes when there are none. */
  readonly quarantine: boolean;
  /** Somebody should: starts a process for it. */
  readonly staffQuarantine: () => void;
  /** Ends the worker in order. */
  readonly stop: AbortSignal;
  /** The grace is over. */
  readonly hurry: AbortSignal;
  /** Why it takes no runs now; undefined when it does. */
  readonly onReadiness: (reason: string | undefined) => void;
  /** The slots of the life that begins. */
  readonly onPool: (pool: Pool) => void;
}

const RECONNECT_MS = 500;
/** A run that cannot even be ended would come back at once, again and again. */
const LET_GO_PAUSE_MS = 30_000;

/**
 * Works until told to stop. Each pass is one life under one lease: when the lease is lost, by a database
 * that was away or a process that was frozen, everything in hand is dropped, and a new life begins
 * under a new id.
 */
export async function work(given: WorkerOptions): Promise<void> {
  const idle = new AbortController();
  const stop = AbortSignal.any([given.stop, idle.signal]);
  const options = { ...given, stop };
  const { database, telemetry, onReadiness } = options;
  const { log } = telemetry;
  while (!stop.aborted) {
    try {
      await live(options, () => idle.abort());
    } catch (error) {
      log.warn('worker.session_failed', { error: String(error) });
    }
    if (stop.aborted) return;
    onReadiness('The worker has no lease: the database does not answer.');
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    await database.query('select 1').catch(() => {});
  }
}

/** Somebody moved jobs here that no run sent, such as dead ones: they are told, and nothing else. */
function tellStrays({ log }: Telemetry) {
  return (jobs: readonly Pick<Job, 'id' | 'data'>[]): void =>
    log.warn('queue.stray_jobs', { jobs: jobs.map(({ id, data }) => ({ id, data })) });
}

async function live(options: WorkerOptions, leave: () => void): Promise<void> {
  const { database, telemetry, capabilities, stop, quarantine } = options;
  const onError = (error: unknown) => telemetry.log.warn('worker.error', { error: String(error) });
  const queue = await openQueue(database, { maintain: true, onError });
  const targets = watchTargets({ database, queue, telemetry, skills: capabilities.skills });
  try {
    let pool: Pool | undefined;
    const slots = quarantine ? 1 : options.config.worker.slots;
    const session = await openSession(database, {
      version: options.version,
      port: options.port,
      slots,
      skills: capabilities.skills.manifests(),
      quarantine,
      onWork: () => pool?.wake(),
      onCancel: (runUuid, by) => pool?.cancel(runUuid, by),
      onTargets: targets.look,
    });
    const life: Life = { queue, session, slots, onError, targetsOf: targets.of };
    const opened = openPool(options, life);
    pool = opened;
    options.onPool(opened);
    const rescuer = startRescuer(database, queue, session.uuid, telemetry, options.staffQuarantine);
    stop.addEventListener('abort', () => void session.stopping().catch(onError), {
      signal: session.lost,
    });
    if (quarantine) {
      const isBusy = async () => opened.inFlight > 0 || (await queue.hasSuspects(database));
      leaveWhenIdle({ isBusy, leave, signal: session.lost });
    }
    telemetry.log.info('worker.ready', { workerId: `wrk_${session.uuid}`, slots, quarantine });
    options.onReadiness(undefined);

    await opened.run();
    options.onReadiness('The worker is stopping.');
    await rescuer.stop();
    await session.end().catch(onError);
    if (session.lost.aborted && !stop.aborted)
      telemetry.log.warn('worker.lease_lost', { workerId: `wrk_${session.uuid}` });
  } finally {
    await targets.stop();
    await queue.stop();
  }
}

/** What belongs to one life of a worker. */
interface Life {
  readonly queue: Queue;
  readonly session: Session;
  readonly slots: number;
  readonly onError: (error: unknown) => void;
  readonly targetsOf: TargetWatch['of'];
}

function openPool(options: WorkerOptions, life: Life): Pool {
  const { database, telemetry, capabilities, quarantine, stop, hurry } = options;
  const { queue, session, slots, onError, targetsOf } = life;
  const journal = openJournal(database, queue, {
    workerUuid: session.uuid,
    onBatch: (size) => telemetry.metrics.journalBatchSize.observe({}, size),
  });
  session.lost.addEventListener('abort', () => journal.abandon());
  capabilities.holdWorkspacesAs(session.uuid);
  const { failpoint } = options;
  const runner = createRunner({ ...capabilities, journal, telemetry, failpoint, targetsOf });
  const kind = quarantine ? 'suspect' : 'regular';
  return createPool({
    slots,
    take: (max) => take(database, queue, session.uuid, max, kind, tellStrays(telemetry)),
    advance: (claim, control) =>
      runner(claim, control).catch((error: unknown) => {
        onError(error);
        return giveBack(options, queue, journal, claim).catch(onError);
      }),
    stop,
    hurry,
    lost: session.lost,
    onError,
  });
}

/** A run that can neither go on nor be ended. */
async function giveBack(
  { database }: WorkerOptions,
  queue: Queue,
  journal: Journal,
  claim: Claim,
): Promise<void> {
  // What of it is still on its way must not arrive after the epoch was raised.
  await journal.settled(claim);
  await letGo(database, queue, claim, LET_GO_PAUSE_MS);
}
