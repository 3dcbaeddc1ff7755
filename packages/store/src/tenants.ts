import type { Database, Db } from './db.ts';
import { retryConflicts } from './retry-conflicts.ts';

/** Acts for one tenant in one transaction. */
export function acting<T>(
  database: Database,
  tenant: string,
  work: (tx: Db) => Promise<T>,
): Promise<T> {
  return retryConflicts(() => database.actingFor([tenant], work));
}

/** Sets its part of the workers, 0.01 to 100; 1 is usual. False when there is no such tenant. */
export async function setShareWeight(db: Db, tenant: string, weight: number): Promise<boolean> {
  const rows = await db.query<{ set: boolean }>(`select aos.set_share_weight($1, $2) as set`, [
    tenant,
    weight,
  ]);
  return rows[0]?.set ?? false;
}

/** Whether there is a tenant of this name, for whoever acts for it. */
export async function exists(tx: Db, tenant: string): Promise<boolean> {
  const rows = await tx.query(`select 1 from aos.tenants where tenant_id = $1`, [tenant]);
  return rows.length > 0;
}

/** Makes the tenant unless it is there. */
export async function ensure(db: Db, tenant: string): Promise<void> {
  await db.query(`insert into aos.tenants (tenant_id) values ($1) on conflict do nothing`, [
    tenant,
  ]);
}
