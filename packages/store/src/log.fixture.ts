import { randomUUIDv7 } from 'node:crypto';

import type { TestStore } from './store.fixture.ts';

/** Waits until everything written can be read: any transaction of the shared test server holds the bound. */
export async function settled(store: TestStore): Promise<void> {
  for (;;) {
    const [row] = await store.owner.query<{ over: boolean }>(
      'select aos.log_below() > coalesce(max(position), 0) as over from aos.events',
    );
    if (row?.over) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Events of one run of which the log alone knows; returns the run's UUID. */
export async function addEvents(
  store: TestStore,
  types: readonly string[],
  more: { readonly uuid?: string; readonly tenant?: string; readonly from?: number } = {},
): Promise<string> {
  const uuid = more.uuid ?? randomUUIDv7();
  await store.owner.query(
    `insert into aos.events (tenant_id, run_id, seq, epoch, type, data)
     select $1, $2, $4 + nth - 1, 1, type, '{}' from unnest($3::text[]) with ordinality as e(type, nth)`,
    [more.tenant ?? 'default', uuid, types, more.from ?? 0],
  );
  return uuid;
}

/** The UUID that a run of so many days ago could have. */
export function uuidAt(daysAgo: number): string {
  const time = Math.round(Date.now() - daysAgo * 86_400_000)
    .toString(16)
    .padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}${randomUUIDv7().slice(13)}`;
}

/** Divides the past of an empty log into parts of a week, so many of them. */
export async function makeOldParts(store: TestStore, weeks: number): Promise<void> {
  const [first] = await store.owner.query<{ part: string; high: string }>(
    `select part, upper_bound as high from aos.event_parts()
      where lower_bound = '00000000-0000-0000-0000-000000000000'`,
  );
  if (!first) throw new Error('The log has no first part.');
  await store.owner.query(`alter table aos.events detach partition aos.${first.part}`);
  await store.owner.query(`drop table aos.${first.part}`);
  for (let ago = weeks; ago >= 0; ago--) {
    const week = (n: number) =>
      `aos.first_run_id(aos.accepted_at('${first.high}') - interval '${n} weeks')`;
    const low = ago === weeks ? `'00000000-0000-0000-0000-000000000000'` : week(ago + 1);
    await store.owner.query(`call aos.add_event_part('events_ago_${ago}', ${low}, ${week(ago)})`);
  }
}
