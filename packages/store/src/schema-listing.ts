import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { Db } from './db.ts';

const KNOWN = fileURLToPath(new URL('../schema.txt', import.meta.url));

/**
 * One line for each table, column, constraint, index, function, policy, trigger and view of the schema `aos`,
 * with its definition; the same on every version of PostgreSQL. Parts of the log come and go, so they are
 * left out.
 */
export async function readSchema(db: Db): Promise<string[]> {
  const rows = await db.query<{ line: string }>(LISTING);
  // Names of our own carry the schema or not, as the search path has it.
  return rows.map(({ line }) => line.replaceAll('aos.', '').replaceAll(/\s+/g, ' ')).toSorted();
}

/** The listing of this version, as a test keeps it true. */
export function knownSchema(): string[] {
  return readFileSync(KNOWN, 'utf8').trim().split('\n');
}

const LISTING = `
  with tables as (
    select oid, relname, relkind, relrowsecurity
      from pg_class
     where relnamespace = 'aos'::regnamespace and relkind in ('r', 'p', 'v') and not relispartition
       and relname <> 'migrations')
  select format('table %s %s%s', relname, relkind, case when relrowsecurity then ' isolated' else '' end) as line
    from tables
  union all
  select format('column %s.%s %s%s%s', t.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                case when a.attnotnull then ' not null' else '' end,
                coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), ''))
    from tables t
    join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
  union all
  select format('constraint %s.%s %s', t.relname, c.conname, pg_get_constraintdef(c.oid))
    from tables t
    join pg_constraint c on c.conrelid = t.oid and c.contype in ('c', 'p', 'u', 'f')
  union all
  select format('index %s %s', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid))
         || case when i.indisvalid then '' else ' invalid' end
    from tables t
    join pg_index i on i.indrelid = t.oid
  union all
  select format('policy %s.%s %s %s %s', t.relname, p.polname, p.polcmd,
                coalesce(pg_get_expr(p.polqual, p.polrelid), ''),
                coalesce(pg_get_expr(p.polwithcheck, p.polrelid), ''))
    from tables t
    join pg_policy p on p.polrelid = t.oid
  union all
  select format('trigger %s.%s %s', t.relname, g.tgname, pg_get_triggerdef(g.oid))
    from tables t
    join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
  union all
  select format('view %s %s', relname, md5(pg_get_viewdef(oid))) from tables where relkind = 'v'
  union all
  select format('function %s(%s) %s', proname, pg_get_function_identity_arguments(oid),
                md5(prosrc || coalesce(array_to_string(proconfig, ' '), '') || prosecdef::text))
    from pg_proc
   where pronamespace = 'aos'::regnamespace`;
