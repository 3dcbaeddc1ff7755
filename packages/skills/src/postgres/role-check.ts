import { AosError } from '@aos/core';
import type pg from 'pg';

/** Roles whose members reach the disk, other programs or other sessions of the server. */
const MIGHTY = [
  'pg_read_server_files',
  'pg_write_server_files',
  'pg_execute_server_program',
  'pg_signal_backend',
  'pg_write_all_data',
  'pg_create_subscription',
  'pg_maintain',
  'pg_checkpoint',
];

const CHECK = `
  select
    array_remove(array[
      case when r.rolsuper then 'is a superuser' end,
      case when r.rolcreaterole then 'can create roles' end,
      case when r.rolcreatedb then 'can create databases' end,
      case when r.rolreplication then 'can replicate' end,
      case when r.rolbypassrls then 'bypasses row level security' end,
      case when exists (
        select from pg_roles s where s.rolsuper and pg_has_role(r.oid, s.oid, 'member')
      ) and not r.rolsuper then 'can become a superuser' end,
      (select 'is a member of ' || string_agg(m.rolname, ', ' order by m.rolname)
         from pg_roles m
        where m.rolname = any($1) and pg_has_role(r.oid, m.oid, 'member') and not r.rolsuper),
      case when has_database_privilege(r.oid, current_database(), 'create')
        then 'can create schemas' end,
      case when exists (
        select from pg_namespace n where has_schema_privilege(r.oid, n.oid, 'create')
          and n.nspname !~ '^pg_(temp|toast_temp)_'
      ) then 'can create tables' end,
      case when exists (
        select from pg_class c where pg_has_role(r.oid, c.relowner, 'member')
          and c.relnamespace <> 'pg_catalog'::regnamespace
          and c.relnamespace <> 'information_schema'::regnamespace
          and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
      ) and not r.rolsuper then 'owns tables' end
    ], null) as faults
  from pg_roles r
  where r.rolname = session_user`;

/**
 * Throws `query_refused` for a login that could do more than read: read-only transactions alone do not
 * hold back a superuser, who can read files and start programs from a plain select.
 */
export async function refuseMightyRole(client: pg.ClientBase, connection: string): Promise<void> {
  const { rows } = await client.query<{ faults: string[] }>(CHECK, [MIGHTY]);
  const faults = rows[0]?.faults ?? ['is unknown'];
  if (faults.length === 0) return;
  throw new AosError(
    'query_refused',
    `The login of the connection ${JSON.stringify(connection)} ${faults.join(' and ')}; use one that can only read.`,
  );
}
