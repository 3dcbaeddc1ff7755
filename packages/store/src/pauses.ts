import type { Pause, PauseScope } from '@aos/core';

import type { Db } from './db.ts';
import { WORKER_CHANNEL } from './queue.ts';

interface PauseRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly scope: PauseScope;
  readonly name: string;
  readonly all_tenants: boolean;
  readonly reason: string;
  readonly paused_by: string;
  readonly since: Date;
}

const COLUMNS = 'id, tenant_id, scope, name, all_tenants, reason, paused_by, since';

/** All pauses in force, for workers. */
export async function all(db: Db): Promise<Pause[]> {
  const rows = await db.query<PauseRow>(
    `select ${COLUMNS} from aos.pauses where ended_at is null order by since, id`,
  );
  return rows.map(toPause);
}

/** The pauses in force that concern the tenants one acts for, the oldest first. */
export async function inForce(tx: Db): Promise<Pause[]> {
  const rows = await tx.query<PauseRow>(
    `select ${COLUMNS} from aos.pauses_in_force() order by since, id`,
  );
  return rows.map(toPause);
}

export type PauseOf = Pick<Pause, 'tenant' | 'scope' | 'name' | 'allTenants'>;

/** Puts it in force, and tells the workers. One that is in force already stays as it is. */
export async function pause(
  tx: Db,
  { tenant, scope, name, allTenants }: PauseOf,
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<Pause> {
  await tx.query(
    `insert into aos.pauses (tenant_id, scope, name, all_tenants, reason, paused_by)
     values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id, scope, name) where ended_at is null do nothing`,
    [tenant, scope, name, allTenants, reason, by],
  );
  const [row] = await tx.query<PauseRow>(
    `select ${COLUMNS} from aos.pauses
      where tenant_id = $1 and scope = $2 and name = $3 and ended_at is null`,
    [tenant, scope, name],
  );
  await tell(tx);
  if (!row) throw new Error('The pause ended while it was made.');
  return toPause(row);
}

/** Ends it; the workers send what rested because of it, at a bounded rate. False: none was in force. */
export async function resume(
  tx: Db,
  { tenant, scope, name }: PauseOf,
  by: string,
): Promise<boolean> {
  const rows = await tx.query(
    `update aos.pauses
        set ended_at = now(), ended_by = $4
      where tenant_id = $1 and scope = $2 and name = $3 and ended_at is null
  returning id`,
    [tenant, scope, name, by],
  );
  await tell(tx);
  return rows.length > 0;
}

async function tell(tx: Db): Promise<void> {
  await tx.query(`select pg_notify('${WORKER_CHANNEL}', 'pauses')`);
}

function toPause(row: PauseRow): Pause {
  return {
    id: row.id,
    tenant: row.tenant_id,
    scope: row.scope,
    name: row.name,
    allTenants: row.all_tenants,
    reason: row.reason,
    by: row.paused_by,
    since: row.since,
  };
}
