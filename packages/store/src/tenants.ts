import { isConflict, type Database, type Db } from './db.ts';

const ATTEMPTS_MAX = 5;

/**
 * Acts for one tenant in one transaction, and again when it met another one head-on: a worker takes a
 * job and then its run, a caller takes the run and then its job.
 */
export async function acting<T>(
  database: Database,
  tenant: string,
  work: (tx: Db) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await database.actingFor([tenant], work);
    } catch (error) {
      if (!isConflict(error) || attempt >= ATTEMPTS_MAX) throw error;
    }
  }
}

/** Makes the tenant unless it is there. */
export async function ensure(db: Db, tenant: string): Promise<void> {
  await db.query(`insert into aos.tenants (tenant_id) values ($1) on conflict do nothing`, [
    tenant,
  ]);
}
