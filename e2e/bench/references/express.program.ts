import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';

import express, { type RequestHandler } from 'express';
import { Pool } from 'pg';

import { serve } from '../perform.ts';

/**
 * Express with what any JSON API needs and nothing else: `bare` answers, `transaction` stores the run,
 * its input and a job first, with a commit for each request.
 */
const [kind, url] = process.argv.slice(2);

const app = express();
app.disable('x-powered-by');
app.use(express.json({ limit: '256kb' }));
app.post('/v1/runs', kind === 'bare' ? bare : await transaction(url ?? ''));
const server = app.listen(0, '127.0.0.1', () => {
  void serve((server.address() as AddressInfo).port);
});

function bare(...[request, response]: Parameters<RequestHandler>): void {
  response.status(202).json(answer(randomUUID(), request.body));
}

async function transaction(databaseUrl: string): Promise<RequestHandler> {
  const pool = new Pool({ connectionString: databaseUrl, max: 16 });
  await pool.query(`
    create table runs (id uuid primary key, status text not null, created_at timestamptz default now());
    create table inputs (run_id uuid primary key, input jsonb not null);
    create table jobs (id uuid primary key, state text not null, priority int default 0,
                       created_at timestamptz default now());
    create index on jobs (priority desc, created_at) where state = 'created';`);
  return async (request, response) => {
    const id = randomUUID();
    const client = await pool.connect();
    const send = (name: string, text: string, ...values: unknown[]) =>
      client.query({ name, text, values });
    try {
      await client.query('begin');
      await send('run', `insert into runs (id, status) values ($1, 'queued')`, id);
      await send('input', `insert into inputs (run_id, input) values ($1, $2)`, id, request.body);
      await send('job', `insert into jobs (id, state) values ($1, 'created')`, id);
      await client.query('commit');
      response.status(202).json(answer(id, request.body));
    } finally {
      client.release();
    }
  };
}

/** As large as ours, about. */
function answer(id: string, body: unknown) {
  const { goal } = body as { goal: string };
  const createdAt = new Date().toISOString();
  return {
    id,
    goal,
    status: 'queued',
    agent: 'general',
    planner: 'static',
    priority: 0,
    createdAt,
  };
}
