import { createHash } from 'node:crypto';

import { AosError, ClaimLost, uuidOf, WORKSPACE_BYTES_MAX, WORKSPACE_FILES_MAX } from '@aos/core';

import type { Database, Db } from './db.ts';

export interface NewFile {
  readonly runId: string;
  readonly stepKey: string;
  /** Of the claim under which it is written. */
  readonly epoch: number;
  readonly name: string;
  readonly mediaType: string;
  readonly content: Buffer;
}

/**
 * Writes a file of a run under the claim that holds it; one of the same name is replaced. Throws
 * `ClaimLost` when that claim is gone, `quota_exceeded` when its workspace is full.
 */
export async function write(
  database: Database,
  file: NewFile,
): Promise<{ readonly digest: string; readonly bytes: number }> {
  const digest = `sha256:${createHash('sha256').update(file.content).digest('hex')}`;
  const bytes = file.content.length;
  const runUuid = uuidOf('run', file.runId);
  await database.transaction(async (tx) => {
    await hold(tx, runUuid, file);
    await refuseOverQuota(tx, runUuid, file.name, bytes);
    await tx.query(
      `insert into aos.artifacts as kept
              (tenant_id, run_id, name, media_type, bytes, digest, content, step_key)
       select tenant_id, id, $2, $3, $4, $5, $6, $7
         from aos.runs
        where id = $1
           on conflict (run_id, name) do update
          set media_type = excluded.media_type, bytes = excluded.bytes, digest = excluded.digest,
              content = excluded.content, step_key = excluded.step_key, created_at = now()`,
      [runUuid, file.name, file.mediaType, bytes, digest, file.content, file.stepKey],
    );
  });
  return { digest, bytes };
}

/** A lock on the run's row: nobody else can take the run over while the file is written. */
async function hold(tx: Db, runUuid: string | undefined, { runId, epoch }: NewFile): Promise<void> {
  const held = await tx.query(
    `select 1
       from aos.runs
      where id = $1 and epoch = $2 and status = 'running'
        for no key update`,
    [runUuid, epoch],
  );
  if (held.length === 0) throw new ClaimLost(`The run ${runId} is in other hands.`);
}

async function refuseOverQuota(
  tx: Db,
  runUuid: string | undefined,
  name: string,
  bytes: number,
): Promise<void> {
  const [others] = await tx.query<{ files: number; bytes: number }>(
    `select count(*)::int as files, coalesce(sum(bytes), 0)::int as bytes
       from aos.artifacts
      where run_id = $1 and name <> $2`,
    [runUuid, name],
  );
  if (!others) return;
  if (others.files >= WORKSPACE_FILES_MAX) {
    throw new AosError('quota_exceeded', `The run has ${others.files} files already.`);
  }
  if (others.bytes + bytes > WORKSPACE_BYTES_MAX) {
    throw new AosError(
      'quota_exceeded',
      `With ${name} the run would hold ${others.bytes + bytes} bytes; at most ${WORKSPACE_BYTES_MAX} are allowed.`,
    );
  }
}
