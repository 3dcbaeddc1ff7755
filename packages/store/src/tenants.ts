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

/** Makes the tenant unless it is there. */
export async function ensure(db: Db, tenant: string): Promise<void> {
  await db.query(`insert into aos.tenants (tenant_id) values ($1) on conflict do nothing`, [
    tenant,
  ]);
}
