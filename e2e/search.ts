import { readdirSync, readFileSync } from 'node:fs';

import type { OtlpServer } from '@aos/testing';

import { eventually } from './checks.ts';
import type { ServiceProcess } from './process.ts';
import type { Stack } from './stack.ts';

/** Everything that leaves AOS beside its answers to those who own the data. */
export interface Told {
  lines: string;
  metrics: string;
  traces: string;
  errors: string;
  processes: string;
  tables: string;
}

export interface Sources {
  readonly stack: Stack;
  readonly collector: OtlpServer;
  readonly services: readonly ServiceProcess[];
  /** What the API answered to requests that it refused. */
  readonly answers: string;
}

export async function gather({ stack, collector, services, answers }: Sources): Promise<Told> {
  await eventually(() =>
    collector.spans.some(({ name }) => name.startsWith('invoke_workflow')) ? true : undefined,
  );
  const metrics = await Promise.all(
    services.map(async ({ port }) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
  );
  return {
    lines: services.map((service) => service.log()).join('\n'),
    metrics: metrics.join('\n'),
    // The headers are the collector's to see; what it is told is not.
    traces: collector.texts.map((text) => text.slice(text.indexOf('\n'))).join('\n'),
    errors: answers,
    processes: commandLines(),
    tables: await dumped(stack),
  };
}

/** In which places a secret is, plain or in one of the usual disguises. */
export function found(told: Told, secret: string): (keyof Told)[] {
  const forms = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('hex'),
    // Wherever in a longer text it stood when that was encoded.
    ...[0, 1, 2].map((before) => base64Core(secret, before)),
  ];
  const places = Object.keys(told) as (keyof Told)[];
  return places.filter((place) => forms.some((form) => told[place].includes(form)));
}

/** The characters of base64 that depend on the secret alone. */
function base64Core(secret: string, before: number): string {
  const text = Buffer.from('x'.repeat(before) + secret).toString('base64');
  return text.slice(before === 0 ? 0 : 4, -4).replaceAll('=', '');
}

/** What `ps` shows of every process, those of others included. */
function commandLines(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .join('\n');
}

/** Every row of every table, except those whose purpose is to keep secrets, and what runs now. */
async function dumped({ database }: Stack): Promise<string> {
  const tables = await database.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and not c.relispartition
        and n.nspname in ('aos', 'pgboss')
        and (n.nspname, c.relname) <> ('aos', 'webhooks')`,
  );
  const dumps: string[] = [];
  for (const { name } of tables) {
    const rows = await database.query<{ row: string }>(`select t::text as row from ${name} t`);
    dumps.push(...rows.map(({ row }) => `${name} ${row}`));
  }
  const activity = await database.query<{ row: string }>(
    `select concat_ws(' ', application_name, query) as row from pg_stat_activity
      where datname = current_database()`,
  );
  return [...dumps, ...activity.map(({ row }) => row)].join('\n');
}
