import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { Client } from 'pg';

import { perform } from '../perform.ts';
import { PAYLOAD } from '../workload.ts';

/** One row of 1 KB a step, one commit a row, by pgbench. Its process is a child, so its CPU counts. */
const CLIENTS = 32;
const SCRIPT = `insert into step_rows (run_id, idx, output)
values (gen_random_uuid(), 1, '${JSON.stringify(PAYLOAD)}'::jsonb);\n`;

const [url = '', count] = process.argv.slice(2);
const run = promisify(execFile);

await perform(async () => {
  await run('pgbench', ['--version']).catch(() => {
    throw new Error('pgbench is not installed');
  });
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(
    `create table step_rows (run_id uuid, idx int, output jsonb not null, primary key (run_id, idx))`,
  );
  await client.end();
  const each = Math.ceil(Number(count) / CLIENTS);
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'aos-pgbench-'));
    try {
      const script = join(folder, 'step.sql');
      writeFileSync(script, SCRIPT);
      const options = ['-n', '-M', 'prepared', '-c', `${CLIENTS}`, '-j', '2', '-t', `${each}`];
      const { stdout } = await run('pgbench', [...options, '-f', script, url]);
      const tps = Number(/tps = ([\d.]+)/.exec(stdout)?.[1]);
      return { count: each * CLIENTS, seconds: (each * CLIENTS) / tps };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
});
