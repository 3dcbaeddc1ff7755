import type { SkillManifest } from '@aos/core';

import type { Db } from './db.ts';

export interface PublishedSkill {
  readonly manifest: SkillManifest;
  readonly publishedAt: Date;
}

const VERSION = /^\d{1,6}\.\d{1,6}\.\d{1,6}$/;

/** What the code of a worker can do. Published again, a version takes the newest manifest. */
export async function publish(db: Db, manifests: readonly SkillManifest[]): Promise<void> {
  for (const { name, version } of manifests) {
    if (!VERSION.test(version)) throw new Error(`${name} has no version like 1.2.3: ${version}`);
  }
  // In one order by everybody: workers start at the same time.
  const rows = manifests
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((manifest) => ({ name: manifest.name, version: manifest.version, manifest }));
  await db.query(
    `insert into aos.skills as kept (name, version, manifest)
     select name, version, manifest
       from jsonb_to_recordset($1::jsonb) as s(name text, version text, manifest jsonb)
         on conflict (name, version) do update
        set manifest = excluded.manifest, published_at = now()
      where kept.manifest <> excluded.manifest`,
    [JSON.stringify(rows)],
  );
}

/** The greatest version of each skill, by name. */
export async function list(db: Db): Promise<PublishedSkill[]> {
  const rows = await db.query<{ manifest: SkillManifest; published_at: Date }>(
    `select distinct on (name) manifest, published_at
       from aos.skills
      order by name, string_to_array(version, '.')::int[] desc`,
  );
  return rows.map((row) => ({ manifest: row.manifest, publishedAt: row.published_at }));
}
