import type { Config } from '@aos/config';
import {
  work as workAs,
  type Ears,
  type Failpoint,
  type News,
  type PoolView,
  type WorkerPorts,
} from '@aos/engine';
import { openQueue, workers, type Claim, type Database, type Job } from '@aos/store';
import { reachableHost, type Logger, type Telemetry } from '@aos/telemetry';

import type { Capabilities } from './capabilities.ts';
import { clock } from './clock.ts';
import type { Gate } from './gate.ts';
import { leaveWhenIdle } from './quarantine.ts';
import { startRests, type Rests } from './rests.ts';
import { createRunner } from './runner.ts';
import { openSession, type Session } from './session.ts';
import { watchTargets, type TargetWatch } from './target-watch.ts';
import { startUpkeep } from './upkeep.ts';

export interface WorkerOptions {
  readonly config: Config;
  readonly version: string;
  readonly port: number;
  readonly database: Database;
  readonly capabilities: Capabilities;
  readonly gate: Gate;
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
  readonly onPool: (pool: PoolView) => void;
}

const LEASE: WorkerPorts<Claim>['lease'] = {
  leaseMs: workers.LEASE_MS,
  renewEveryMs: workers.RENEW_EVERY_MS,
  marginMs: workers.LEASE_MARGIN_MS,
};

/** Works until told to stop: the life of a worker, on the real database, skills and planners. */
export async function work(options: WorkerOptions): Promise<void> {
  const { config, quarantine, telemetry, capabilities, hurry } = options;
  const idle = new AbortController();
  const stop = AbortSignal.any([options.stop, idle.signal]);
  const slots = quarantine ? 1 : config.worker.slots;
  const run = createRunner({ ...capabilities, telemetry, failpoint: options.failpoint });
  let life: OpenLife | undefined;
  let closed: Promise<unknown> = Promise.resolve();
  const ports: WorkerPorts<Claim> = {
    time: clock,
    slots,
    mayTake: options.gate.reason,
    lease: LEASE,
    async open(ears) {
      life = await open(options, slots, ears);
      closed = Promise.all([closed, life.closed]);
      return life.session;
    },
    advance: ({ link, clock: time }, claim, control) => {
      const { journal, targetsOf, rests } = link as LifeSession;
      return run({ journal, clock: time, targetsOf }, claim, rests.controlOf(claim, control));
    },
    tell(news) {
      tell(options, news);
      if (news.what !== 'ready' || !quarantine || !life) return;
      const { over, hasSuspects } = life;
      const isBusy = async () => news.pool.inFlight > 0 || (await hasSuspects());
      leaveWhenIdle({ isBusy, leave: () => idle.abort(), signal: over });
    },
  };
  await workAs(ports, { stop, hurry });
  // Whoever called closes the database next.
  await closed;
}

type LifeSession = Session & { readonly targetsOf: TargetWatch['of']; readonly rests: Rests };

/** What belongs to one life of the worker. */
interface OpenLife {
  readonly session: LifeSession;
  readonly over: AbortSignal;
  /** Once it is over and nothing of it is under way any more. */
  readonly closed: Promise<void>;
  readonly hasSuspects: () => Promise<boolean>;
}

async function open(options: WorkerOptions, slots: number, ears: Ears): Promise<OpenLife> {
  const { database, telemetry, capabilities, quarantine, version, port } = options;
  const onError = (error: unknown) => telemetry.log.warn('worker.error', { error: String(error) });
  const queue = await openQueue(database, { maintain: true, onError });
  const targets = watchTargets({ database, queue, telemetry, skills: capabilities.skills });
  const rests = startRests(database, queue, telemetry, onError);
  const upkeep = startUpkeep(database, queue, telemetry, options.staffQuarantine);
  const over = new AbortController();
  const closed = Promise.withResolvers<void>();
  const end = () => {
    if (over.signal.aborted) return;
    over.abort('over');
    void Promise.allSettled([upkeep.stop(), targets.stop(), rests.stop()])
      .then(() => queue.stop())
      .catch(onError)
      .then(closed.resolve);
  };
  try {
    await rests.ready;
    const session = await openSession(
      database,
      queue,
      {
        version,
        port,
        address: reachableHost(options.config.worker.host),
        slots,
        quarantine,
        skills: capabilities.skills.manifests(),
        onBatch: (size) => telemetry.metrics.journalBatchSize.observe({}, size),
        onStray: tellStrays(telemetry),
        onPausing: rests.setRuns,
        onPauses: () => void rests.changed().then(ears.onWork),
        pauses: rests.list,
        gated: options.gate.reason,
        onTargets: targets.look,
        onOver: end,
      },
      ears,
    );
    if (!quarantine) rests.releaseAs(session.id);
    return {
      session: Object.assign(session, { targetsOf: targets.of, rests }),
      over: over.signal,
      closed: closed.promise,
      hasSuspects: () => queue.hasSuspects(database),
    };
  } catch (error) {
    end();
    await closed.promise;
    throw error;
  }
}

/** Somebody moved jobs here that no run sent, such as dead ones: they are told, and nothing else. */
function tellStrays({ log }: Telemetry) {
  return (jobs: readonly Pick<Job, 'id' | 'data'>[]): void =>
    log.warn('queue.stray_jobs', { jobs: jobs.map(({ id, data }) => ({ id, data })) });
}

function tell(
  { config, quarantine, telemetry, onReadiness, onPool }: WorkerOptions,
  news: News,
): void {
  const { log, metrics } = telemetry;
  switch (news.what) {
    case 'ready':
      onPool(news.pool);
      log.info('worker.ready', {
        workerId: `wrk_${news.id}`,
        slots: quarantine ? 1 : config.worker.slots,
        quarantine,
      });
      return onReadiness(undefined);
    case 'not_ready':
      return onReadiness(news.reason);
    case 'lease_lost':
      log.warn('worker.lease_lost', { workerId: `wrk_${news.id}` });
      return;
    case 'rescued':
      metrics.rescuedRuns.inc({}, news.runs);
      log.warn('workers.rescued', { workers: news.workers, runs: news.runs });
      return;
    case 'forgotten':
      log.warn('runs.forgotten', { runs: news.runs });
      return;
    case 'strays':
      log.warn('runs.strays', { runs: news.runs });
      return;
    case 'error':
      tellError(log, news);
  }
}

function tellError(log: Logger, { of, error }: Extract<News, { what: 'error' }>): void {
  if (of === 'duty') log.debug('rescuer.failed', { error: String(error) });
  else
    log.warn(of === 'session' ? 'worker.session_failed' : 'worker.error', { error: String(error) });
}
