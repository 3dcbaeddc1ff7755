import { createDatabase, type Database } from '@aos/store';

import type { Drill } from '../drill.ts';
import { eventually } from '../eventually.ts';
import { keepPosting } from '../faults/load.ts';
import type { DrillStack } from '../stack.ts';

const BLOCKER = 'aos-drill-blocker';
const LIMIT_MS = 30_000;

/** The API cannot be used for it: a scrape that waits for its facts takes longer than the second it has here. */
export const databaseConnectionsExhausted: Drill = {
  alert: 'DatabaseConnectionsExhausted',
  severity: 'critical',
  labels: { service: 'worker' },
  fault:
    'Somebody locks the table of files and goes to lunch; runs that write files take all connections of the worker.',
  // More steps than its 8 connections, few enough that its lease gets its turn; and it goes on taking runs.
  env: { WORKER_SLOTS: '14', WORKER_POOL_WAIT_MAX_MS: '60000' },
  async breakIt(stack) {
    await lockFiles(stack);
    keepPosting(stack, 8, writingRun);
  },
  mend: {
    what: 'By hand, as the page says: the session that blocks is ended.',
    async perform({ database }) {
      await database.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1',
        [BLOCKER],
      );
    },
  },
};

function writingRun() {
  const input = { name: 'note.txt', content: 'A drill.' };
  const step = { key: 'write', skill: 'system_write_file', input };
  return { goal: 'Write a note', plan: { version: 1 as const, steps: [step] } };
}

async function lockFiles(stack: DrillStack): Promise<void> {
  const { databaseUrl, database } = stack;
  const blocker: Database = createDatabase({
    url: databaseUrl,
    applicationName: BLOCKER,
    connectionsMax: 1,
    queryTimeoutMs: 3_600_000,
  });
  stack.defer(() => blocker.close());
  blocker
    .transaction(async (tx) => {
      await tx.query('set local statement_timeout = 0');
      await tx.query('lock table aos.artifacts in access exclusive mode');
      await tx.query('select pg_sleep(3600)');
    })
    .catch(() => {}); // It is ended.
  await eventually({ what: 'the table was locked', limitMs: LIMIT_MS }, async () =>
    (
      await database.query(
        `select 1 from pg_locks where relation = 'aos.artifacts'::regclass and mode = 'AccessExclusiveLock' and granted`,
      )
    ).length > 0
      ? true
      : undefined,
  );
}
