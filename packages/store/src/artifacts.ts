import { uuidOf, type Artifact } from '@aos/core';

import type { Db } from './db.ts';

interface ArtifactRow {
  readonly name: string;
  readonly media_type: string;
  readonly bytes: number;
  readonly digest: string;
  readonly step_key: string | null;
  readonly created_at: Date;
}

/** The files of the run's workspace, without their content. */
export async function list(db: Db, runId: string): Promise<Artifact[]> {
  const rows = await db.query<ArtifactRow>(
    `select name, media_type, bytes, digest, step_key, created_at
       from aos.artifacts
      where run_id = $1
      order by name`,
    [uuidOf('run', runId)],
  );
  return rows.map(toArtifact);
}

/** One file with its content; undefined when there is none of this name. */
export async function find(
  db: Db,
  runId: string,
  name: string,
): Promise<(Artifact & { readonly content: Buffer }) | undefined> {
  const rows = await db.query<ArtifactRow & { content: Buffer }>(
    `select name, media_type, bytes, digest, step_key, created_at, content
       from aos.artifacts
      where run_id = $1 and name = $2`,
    [uuidOf('run', runId), name],
  );
  const [row] = rows;
  return row && { ...toArtifact(row), content: row.content };
}

function toArtifact(row: ArtifactRow): Artifact {
  return {
    name: row.name,
    mediaType: row.media_type,
    bytes: row.bytes,
    digest: row.digest,
    createdAt: row.created_at,
    ...(row.step_key && { stepKey: row.step_key }),
  };
}
