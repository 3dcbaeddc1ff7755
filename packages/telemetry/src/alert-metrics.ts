import type { MetricKind } from './metric-kind.ts';

const API = ['api'] as const;
const BOTH = ['api', 'worker'] as const;

/** The part of `metricTable` that alerts were the first to need. */
export const alertMetrics = {
  runsReady: {
    name: 'nova_runs_ready',
    help: 'Runs that could start now and wait for a worker; not those scheduled for later.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  approvalAge: {
    name: 'nova_approval_age_seconds',
    help: 'Age of the oldest approval that waits for a human.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  runsOrphaned: {
    name: 'nova_runs_orphaned',
    help: 'Runs under way by their status that no live worker has.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  runIdle: {
    name: 'nova_run_idle_seconds',
    help: 'Time since the last event of the run under way that has been silent the longest.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  workersLost: {
    name: 'nova_workers_lost',
    help: 'Workers that died, rather than stopped, in the last 15 minutes.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  scrapeTargets: {
    name: 'nova_scrape_targets',
    help: 'Live replicas that have said where their metrics are, by service.',
    type: 'gauge',
    labels: ['service'],
    from: 'database',
    services: API,
  },
  walSize: {
    name: 'nova_wal_bytes',
    help: 'Size of the write-ahead log of the database.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  walMax: {
    name: 'nova_wal_max_bytes',
    help: 'Size of the write-ahead log that the database is set to keep.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  databaseSize: {
    name: 'nova_database_bytes',
    help: 'Size of the database on its disk.',
    type: 'gauge',
    labels: [],
    from: 'database',
    services: API,
  },
  diskFree: {
    name: 'nova_disk_free_bytes',
    help: 'What this process may still write, by disk: work, of its working folder; tmp; home, of AOS_HOME.',
    type: 'gauge',
    labels: ['disk'],
    from: 'process',
    services: BOTH,
  },
  diskSize: {
    name: 'nova_disk_size_bytes',
    help: 'Size of the disk, by disk: work, tmp, home.',
    type: 'gauge',
    labels: ['disk'],
    from: 'process',
    services: BOTH,
  },
} as const satisfies Record<string, MetricKind>;
