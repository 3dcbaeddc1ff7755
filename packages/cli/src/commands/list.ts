import type { Client, RunFilter, RunList, RunResource } from '@aos/sdk';

import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { runIdOf } from '../ids.ts';
import { present } from '../present.ts';
import { readInteger, readTime } from '../read-time.ts';
import { age } from '../text/amounts.ts';
import { oneLine } from '../text/clean.ts';
import { styleOf, toneOf } from '../text/style.ts';
import { table, type Cell } from '../text/table.ts';

export interface ListOptions {
  readonly status?: string;
  readonly outcome?: string;
  readonly waitingFor?: string;
  readonly agent?: string;
  readonly tag?: string;
  readonly skill?: string;
  readonly error?: string;
  readonly origin?: string;
  readonly q?: string;
  readonly since?: string;
  readonly limit: string;
  readonly cursor?: string;
}

const columns = [
  { title: 'RUN' },
  { title: 'STATE' },
  { title: 'STEPS' },
  { title: 'AGE' },
  { title: 'GOAL', flexible: true },
];

export async function list(context: Context, options: ListOptions): Promise<ExitCode> {
  const { since, limit, origin, ...filter } = options;
  const client = await context.connect();
  const runs = await listWhole(client, {
    ...filter,
    limit: readInteger(limit, '--limit'),
    ...(origin !== undefined && { origin: runIdOf(origin) }),
    ...(since !== undefined && { createdAfter: readTime(since, -1, Date.now(), '--since') }),
  });
  present(context, runs, ({ items, nextCursor }) => {
    if (items.length === 0) return [`No runs. Start one: ${context.program} run "<goal>"`];
    const style = styleOf(context.out.rich);
    const more = nextCursor === null ? [] : [`More: ${again(context, options, nextCursor)}`];
    const now = Date.now();
    return [
      ...table(
        columns,
        items.map((run) => row(run, now)),
        context.out,
        style,
      ),
      ...more.map((line) => style('dim', line)),
    ];
  });
  return exitCodes.ok;
}

/** What is rare may be pages away: reads on until as many as asked for are there, or no more can be. */
async function listWhole(
  client: Client,
  filter: RunFilter & { readonly limit: number },
): Promise<RunList> {
  const first = await client.runs.list(filter);
  const items = [...first.items];
  let cursor = first.nextCursor;
  while (cursor !== null && items.length < filter.limit) {
    const page = await client.runs.list({ ...filter, limit: filter.limit - items.length, cursor });
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return { items, nextCursor: cursor };
}

function row(run: RunResource, now: number): Cell[] {
  const state = run.outcome ?? run.status;
  const waits = run.waitingFor === null ? '' : ` (${run.waitingFor})`;
  const { done, total } = run.progress;
  return [
    run.id,
    { text: state + waits, tone: toneOf(state) },
    total === 0 ? '-' : `${done}/${total}`,
    age(run.createdAt, now),
    oneLine(run.goal),
  ];
}

/** The command for the next page, with the same filters. */
function again({ program }: Context, options: ListOptions, cursor: string): string {
  const filters = Object.entries({ ...options, cursor } as Record<string, unknown>).flatMap(
    ([name, value]) =>
      typeof value === 'string' && !(name === 'limit' && value === '20')
        ? [`--${name.replace('waitingFor', 'waiting-for')} ${shellWord(value)}`]
        : [],
  );
  return `${program} list ${filters.join(' ')}`;
}

function shellWord(text: string): string {
  return /^[\w./:+=@%-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
