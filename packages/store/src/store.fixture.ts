import { completeAgent, newId, type Plan } from '@aos/core';
import { testDatabase } from '@aos/testing';

import { createAcceptor } from './accept.ts';
import type { Acceptance } from './acceptance.ts';
import * as agents from './agents.ts';
import { createDatabase, type Database, type DatabaseRole } from './db.ts';
import { migrate } from './migrate.ts';
import { openQueue, type Queue } from './queue.ts';
import * as tenants from './tenants.ts';

/** A migrated database with the tenants `default` and `other`, each with the agent `general`. */
export interface TestStore extends AsyncDisposable {
  readonly url: string;
  /** As the owner: sees all. */
  readonly owner: Database;
  /** In the role of the API: sees the tenants it acts for. */
  readonly api: Database;
  readonly queue: Queue;
  database(role: DatabaseRole): Database;
  /** Accepts a run; returns its id. */
  newRun(more?: Partial<Acceptance>): Promise<string>;
}

export const PLAN: Plan = {
  version: 1,
  steps: [{ key: 'say', skill: 'echo', input: { text: 'a' } }],
};

/** On the server that the variable names, or the usual one. */
export async function startTestStore(variable?: string): Promise<TestStore> {
  await using started = new AsyncDisposableStack();
  const { url } = started.use(await testDatabase(variable));
  await migrate(url, { allowUnsafe: true });
  const open = (role?: DatabaseRole): Database => {
    const options = { url, applicationName: 'test', connectionsMax: 6, ...(role && { role }) };
    const database = createDatabase(options);
    started.defer(() => database.close());
    return database;
  };
  const owner = open();
  const api = open('aos_api');
  await tenants.ensure(owner, 'other');
  const general = completeAgent({ name: 'general', description: 'Any goal.' });
  for (const tenant of ['default', 'other']) await agents.create(owner, tenant, general);
  const queue = await openQueue(api, { maintain: false, onError: () => {} });
  started.defer(() => queue.stop());
  const acceptor = createAcceptor(api, queue);
  started.defer(() => acceptor.close());
  const all = started.move();
  return {
    url,
    owner,
    api,
    queue,
    database(role) {
      const database = createDatabase({ url, role, applicationName: 'test', connectionsMax: 4 });
      all.defer(() => database.close());
      return database;
    },
    async newRun(more = {}) {
      const { runId } = await acceptor.accept({
        tenant: 'default',
        by: 'tester',
        runId: newId('run'),
        agent: 'general',
        agentVersion: 1,
        planner: 'static',
        goal: { goal: 'Say it', input: {}, limits: {}, tags: [] },
        priority: 0,
        plan: PLAN,
        ...more,
      });
      return runId;
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
