import { randomUUID } from 'node:crypto';

import { Client } from 'pg';

import { perform, timed } from '../perform.ts';
import { PAYLOAD, STEPS } from '../workload.ts';

/** One row of 1 KB a step, one commit a row, from so many connections; nothing else. */
const CONNECTIONS = 32;
const INSERT = `insert into step_rows (run_id, idx, output) values ($1, $2, $3)`;

const [url, count] = process.argv.slice(2);

await perform(async () => {
  const clients = await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const client = new Client({ connectionString: url });
      await client.connect();
      return client;
    }),
  );
  await clients[0]?.query(
    `create table step_rows (run_id uuid, idx int, output jsonb not null, primary key (run_id, idx))`,
  );
  const output = JSON.stringify(PAYLOAD);
  return () =>
    timed(Number(count), CONNECTIONS, async (item, lane) => {
      const values = [randomUUID(), item % STEPS, output];
      await clients[lane]?.query({ name: 'insert', text: INSERT, values });
    });
});
