import type { Config } from '@aos/config';
import { work as workAs, type Failpoint, type News, type PoolView } from '@aos/engine';
import { workers, type Claim, type Database } from '@aos/store';
import type { Logger, Telemetry } from '@aos/telemetry';

import type { Capabilities } from './capabilities.ts';
import { createRunner } from './runner.ts';
import { openSession, type Session } from './session.ts';
import { timekeeper } from './timekeeper.ts';

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
  readonly onPool: (pool: PoolView) => void;
}

/** Works until told to stop: the life of a worker, on the real database, skills and planners. */
export async function work(options: WorkerOptions): Promise<void> {
  const { config, database, telemetry, capabilities } = options;
  const { slots } = config.worker;
  const run = createRunner({ ...capabilities, telemetry, failpoint: options.failpoint });
  let session: Session | undefined;
  await workAs<Claim>(
    {
      time: timekeeper,
      slots,
      lease: {
        leaseMs: workers.LEASE_MS,
        renewEveryMs: workers.RENEW_EVERY_MS,
        marginMs: workers.LEASE_MARGIN_MS,
      },
      async open(ears) {
        session = await openSession(
          database,
          {
            version: options.version,
            port: options.port,
            slots,
            skills: capabilities.skills.manifests(),
            onBatch: (size) => telemetry.metrics.journalBatchSize.observe({}, size),
            onError: (error) => telemetry.log.warn('worker.error', { error: String(error) }),
          },
          ears,
        );
        capabilities.holdWorkspacesAs(session.id);
        return session;
      },
      advance: ({ link, clock }, claim, control) =>
        run({ journal: (link as Session).journal, clock }, claim, control),
      tell: (news) => tell(options, news),
    },
    options,
  );
}

function tell({ config, telemetry, onReadiness, onPool }: WorkerOptions, news: News): void {
  const { log, metrics } = telemetry;
  switch (news.what) {
    case 'ready':
      onPool(news.pool);
      log.info('worker.ready', { workerId: `wrk_${news.id}`, slots: config.worker.slots });
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
