import type { Config } from '@aos/config';
import type { Failpoint } from '@aos/engine';
import {
  letGo,
  openJournal,
  openQueue,
  take,
  type Claim,
  type Database,
  type Journal,
  type Queue,
} from '@aos/store';
import type { Telemetry } from '@aos/telemetry';

import type { Capabilities } from './capabilities.ts';
import { createPool, type Pool } from './pool.ts';
import { startRescuer } from './rescuer.ts';
import { createRunner } from './runner.ts';
import { openSession } from './session.ts';
import { watchTargets } from './target-watch.ts';

export interface WorkerOptions {
  readonly config: Config;
  readonly version: string;
  readonly port: number;
  readonly database: Database;
  readonly capabilities: Capabilities;
  readonly telemetry: Telemetry;
  readonly failpoint: (name: Failpoint) => void;
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
export async function work(options: WorkerOptions): Promise<void> {
  const { database, telemetry, stop, onReadiness } = options;
  const { log } = telemetry;
  while (!stop.aborted) {
    try {
      await live(options);
    } catch (error) {
      log.warn('worker.session_failed', { error: String(error) });
    }
    if (stop.aborted) return;
    onReadiness('The worker has no lease: the database does not answer.');
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    await database.query('select 1').catch(() => {});
  }
}

async function live(options: WorkerOptions): Promise<void> {
  const { config, database, telemetry, capabilities, stop, hurry } = options;
  const onError = (error: unknown) => telemetry.log.warn('worker.error', { error: String(error) });
  const queue = await openQueue(database, { maintain: true, onError });
  const targets = watchTargets({ database, queue, telemetry, skills: capabilities.skills });
  try {
    let pool: Pool | undefined;
    const session = await openSession(database, {
      version: options.version,
      port: options.port,
      slots: config.worker.slots,
      skills: capabilities.skills.manifests(),
      onWork: () => pool?.wake(),
      onCancel: (runUuid, by) => pool?.cancel(runUuid, by),
      onTargets: () => targets.look(),
    });
    const journal = openJournal(database, queue, {
      workerUuid: session.uuid,
      onBatch: (size) => telemetry.metrics.journalBatchSize.observe({}, size),
    });
    session.lost.addEventListener('abort', () => journal.abandon());
    capabilities.holdWorkspacesAs(session.uuid);
    const runner = createRunner({
      ...capabilities,
      journal,
      telemetry,
      failpoint: options.failpoint,
      targetsOf: targets.of,
    });
    pool = createPool({
      slots: config.worker.slots,
      take: (max) => take(database, queue, session.uuid, max),
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
    options.onPool(pool);
    const rescuer = startRescuer(database, queue, session.uuid, telemetry);
    stop.addEventListener('abort', () => void session.stopping().catch(onError), {
      signal: session.lost,
    });
    telemetry.log.info('worker.ready', {
      workerId: `wrk_${session.uuid}`,
      slots: config.worker.slots,
    });
    options.onReadiness(undefined);

    await pool.run();
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
