import type { Db } from '@aos/store';

/** Something to ask `postgres_query` for on the first day: the planets and what they measure. */
export async function createSampleData(data: Db): Promise<void> {
  const [found] = await data.query<{ planets: string | null }>(
    `select to_regclass('public.planets')::text as planets`,
  );
  if (!found?.planets) {
    await data.query(`
      begin;
      create table planets (
        name          text primary key,
        kind          text not null check (kind in ('rocky', 'gas giant', 'ice giant', 'dwarf')),
        diameter_km   integer not null,
        distance_au   numeric not null,
        orbit_days    numeric not null,
        moons         integer not null
      );
      comment on table planets is 'Sample data: planets and dwarf planets of the solar system.';
      comment on column planets.distance_au is 'Mean distance from the sun; the earth is at 1.';
      insert into planets values
        ('Mercury', 'rocky',      4879,  0.387,    87.97,   0),
        ('Venus',   'rocky',     12104,  0.723,   224.70,   0),
        ('Earth',   'rocky',     12756,  1.000,   365.26,   1),
        ('Mars',    'rocky',      6792,  1.524,   686.98,   2),
        ('Ceres',   'dwarf',       939,  2.766,  1680.00,   0),
        ('Jupiter', 'gas giant', 142984,  5.203,  4332.59,  95),
        ('Saturn',  'gas giant', 120536,  9.537, 10759.22, 146),
        ('Uranus',  'ice giant',  51118, 19.191, 30688.50,  28),
        ('Neptune', 'ice giant',  49528, 30.069, 60182.00,  16),
        ('Pluto',   'dwarf',       2377, 39.482, 90560.00,   5);
      commit`);
  }
  // Whoever asks may look, and nothing else, whatever the statement says.
  await data.query(`
    revoke all on schema public from public;
    grant usage on schema public to aos_query;
    grant select on all tables in schema public to aos_query;
    alter default privileges in schema public grant select on tables to aos_query;
    alter role aos_query set default_transaction_read_only = on`);
}
