import type { Config } from '@aos/config';
import {
  work as workAs,
  type Ears,
  type Failpoint,
  type News,
  type PoolView,
  type WorkSignals,
} from '@aos/engine';
import { openQueue, workers, type Claim, type Database, type Job } from '@aos/store';
import type { Logger, Telemetry } from '@aos/telemetry';

import type { Capabilities } from './capabilities.ts';
import { startChores } from './chores.ts';
import type { Gate } from './gate.ts';
import { leaveWhenIdle } from './quarantine.ts';
import { startRests, type Rests } from './rests.ts';
import { createRunner } from './runner.ts';
import { openSession, type Session } from './session.ts';
import { watchTargets, type TargetWatch } from './target-watch.ts';
import { timekeeper } from './timekeeper.ts';

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

/** What belongs to one life, on the real database. */
interface Life {
  readonly session: Session;
  readonly targets: TargetWatch;
  readonly rests: Rests;
  /** Once nothing of it is left. */
  readonly over: Promise<void>;
  /** How many runs are under way; known once it is ready. */
  pool?: PoolView;
}

/** Works until told to stop: the life of a worker, on the real database, skills and planners. */
export async function work(options: WorkerOptions): Promise<void> {
  const { config, capabilities, telemetry, failpoint, quarantine, hurry } = options;
  const idle = new AbortController();
  const signals: WorkSignals = { stop: AbortSignal.any([options.stop, idle.signal]), hurry };
  const slots = quarantine ? 1 : config.worker.slots;
  const run = createRunner({ ...capabilities, telemetry, failpoint });
  const lives: Life[] = [];
  await workAs<Claim>(
    {
      time: timekeeper,
      slots,
      mayTake: options.gate.reason,
      lease: {
        leaseMs: workers.LEASE_MS,
        renewEveryMs: workers.RENEW_EVERY_MS,
        marginMs: workers.LEASE_MARGIN_MS,
      },
      async open(ears) {
        const life = await begin(options, slots, ears, () => idle.abort());
        lives.push(life);
        return life.session;
      },
      advance({ link, clock }, claim, control) {
        const { session, targets, rests } = lives.find((one) => one.session === link) as Life;
        const life = { journal: session.journal, clock, targetsOf: targets.of };
        return run(life, claim, rests.controlOf(claim, control));
      },
      tell(news) {
        const life = lives.at(-1);
        if (news.what === 'ready' && life) life.pool = news.pool;
        tell(options, slots, news);
      },
    },
    signals,
  );
  await Promise.all(lives.map(({ over }) => over));
}

/** Everything that lives as long as the lease does; it ends with it. */
async function begin(
  options: WorkerOptions,
  slots: number,
  ears: Ears,
  leave: () => void,
): Promise<Life> {
  const { database, telemetry, capabilities, quarantine, gate } = options;
  const onError = (error: unknown) => telemetry.log.warn('worker.error', { error: String(error) });
  const ended = new AbortController();
  const queue = await openQueue(database, { maintain: true, onError });
  const targets = watchTargets({ database, queue, telemetry, skills: capabilities.skills });
  const rests = startRests(database, queue, telemetry, onError);
  const chores = startChores(database, queue, telemetry, options.staffQuarantine);
  const over = new Promise<void>((resolve) => {
    ended.signal.addEventListener('abort', () => {
      const parts = [targets.stop(), rests.stop(), chores.stop()];
      void Promise.allSettled(parts)
        .then(() => queue.stop())
        .then(resolve, onError);
    });
  });
  const end = () => ended.abort('over');
  try {
    await rests.ready;
    const session = await openSession(
      database,
      queue,
      {
        version: options.version,
        port: options.port,
        slots,
        skills: capabilities.skills.manifests(),
        quarantine,
        pauses: rests.list,
        onPausing: rests.setRuns,
        onPauses: (wake) => void rests.changed().then(wake),
        gated: gate.reason,
        onTargets: targets.look,
        onStray: tellStrays(telemetry),
        onBatch: (size) => telemetry.metrics.journalBatchSize.observe({}, size),
        onEnd: end,
      },
      ears,
    );
    capabilities.holdWorkspacesAs(session.id);
    const life: Life = { session, targets, rests, over };
    if (quarantine) {
      const isBusy = async () =>
        (life.pool?.inFlight ?? 1) > 0 || (await queue.hasSuspects(database));
      leaveWhenIdle({ isBusy, leave, signal: ended.signal });
    } else rests.releaseAs(session.id);
    return life;
  } catch (error) {
    end();
    await over;
    throw error;
  }
}

/** Somebody moved jobs here that no run sent, such as dead ones: they are told, and nothing else. */
function tellStrays({ log }: Telemetry) {
  return (jobs: readonly Pick<Job, 'id' | 'data'>[]): void =>
    log.warn('queue.stray_jobs', { jobs: jobs.map(({ id, data }) => ({ id, data })) });
}

function tell(
  { telemetry, quarantine, onReadiness, onPool }: WorkerOptions,
  slots: number,
  news: News,
): void {
  const { log, metrics } = telemetry;
  switch (news.what) {
    case 'ready':
      onPool(news.pool);
      log.info('worker.ready', { workerId: `wrk_${news.id}`, slots, quarantine });
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
