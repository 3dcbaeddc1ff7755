import { randomUUID } from 'node:crypto';

import { Client } from 'pg';

import { perform, timed } from '../perform.ts';
import { PAYLOAD, STEPS } from '../workload.ts';

/**
 * Everything a run of three steps must leave behind, in batches: the run and its input, the claim, the
 * step rows, the end. No queue, no logic, no guard: the limit of this PostgreSQL for durable runs.
 */
const LANES = 3;
const SCHEMA = `
  create table runs (id uuid primary key, status text not null, claim uuid, finished_at timestamptz);
  create table run_steps (run_id uuid, idx int, output jsonb not null, primary key (run_id, idx));`;
const STORE = `
  with r as (insert into runs (id, status) select x, 'queued' from unnest($1::uuid[]) x)
  insert into run_steps (run_id, idx, output) select x, 0, $2::jsonb from unnest($1::uuid[]) x`;
const CLAIM = `update runs set status = 'running', claim = $2 where id = any ($1::uuid[])`;
const STEP = `
  insert into run_steps (run_id, idx, output) select id, $2::int, j
    from unnest($1::uuid[], $3::jsonb[]) x (id, j)`;
const FINISH = `update runs set status = 'completed', finished_at = now() where id = any ($1::uuid[])`;

const [url, count, batch] = process.argv.slice(2);

await perform(async () => {
  const clients = await Promise.all(
    Array.from({ length: LANES }, async () => {
      const client = new Client({ connectionString: url });
      await client.connect();
      return client;
    }),
  );
  await clients[0]?.query(SCHEMA);
  const size = Number(batch);
  const input = JSON.stringify(PAYLOAD);
  const outputs = Array.from({ length: size }, () => input);
  const claim = randomUUID();
  return async () => {
    const batches = Math.ceil(Number(count) / size);
    const report = await timed(batches, LANES, async (_, lane) => {
      const ids = Array.from({ length: size }, () => randomUUID());
      const send = (name: string, text: string, ...values: unknown[]) =>
        clients[lane]?.query({ name, text, values: [ids, ...values] });
      await send('store', STORE, input);
      await send('claim', CLAIM, claim);
      for (let step = 1; step <= STEPS; step++) await send('step', STEP, step, outputs);
      await send('finish', FINISH);
    });
    return { ...report, count: batches * size };
  };
});
