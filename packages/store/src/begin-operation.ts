import { AosError, idOf, newId, uuidOf, type OperationKind } from '@aos/core';

import type { Db } from './db.ts';
import type { OperationRequest } from './operations.ts';
import {
  HASH,
  refuseTooMany,
  refuseUnknown,
  selectionQuery,
  type Selection,
} from './selections.ts';

export interface NewOperation {
  readonly kind: OperationKind;
  readonly request: OperationRequest;
  readonly selection: Selection;
  /** The hash of a preview: nothing begins unless the set is still the same. */
  readonly expectedHash?: string;
  readonly canary: readonly number[];
  readonly ratePerSecond: number;
  readonly reason: string;
  readonly by: string;
  readonly idempotency?: { readonly key: string; readonly bodyHash: Buffer };
}

/**
 * Fixes the set of runs and stores the operation, all in the caller's transaction; drivers find it once
 * it is committed. Runs that another operation has in hand are skipped. The same key gives the same
 * operation. Throws `idempotency_mismatch`, `selection_changed` and `invalid_request`.
 */
export async function beginOperation(
  tx: Db,
  tenant: string,
  operation: NewOperation,
): Promise<{ readonly id: string; readonly created: boolean }> {
  const earlier = await find(tx, tenant, operation);
  if (earlier) return { id: earlier, created: false };
  await refuseUnknown(tx, operation.selection);
  const id = newId('operation');
  const { of: _of, ...selection } = operation.selection;
  const inserted = await tx.query(
    `insert into aos.operations
            (tenant_id, id, kind, request, selection, selection_hash, total, canary, rate, reason, created_by,
             idempotency_key, body_hash)
     values ($1, $2, $3, $4, $5, '', 0, $6, $7, $8, $9, $10, $11)
         on conflict (tenant_id, idempotency_key) do nothing
  returning id`,
    [
      tenant,
      uuidOf('operation', id),
      operation.kind,
      JSON.stringify(operation.request),
      JSON.stringify(selection),
      operation.canary,
      operation.ratePerSecond,
      operation.reason,
      operation.by,
      operation.idempotency?.key ?? null,
      operation.idempotency?.bodyHash ?? null,
    ],
  );
  // Another request with the same key was committed while we waited for it.
  if (inserted.length === 0) return beginOperation(tx, tenant, operation);
  await fill(tx, tenant, id, operation);
  return { id, created: true };
}

async function find(
  tx: Db,
  tenant: string,
  { idempotency }: NewOperation,
): Promise<string | undefined> {
  if (!idempotency) return undefined;
  const rows = await tx.query<{ id: string; body_hash: Buffer }>(
    `select id, body_hash from aos.operations where tenant_id = $1 and idempotency_key = $2`,
    [tenant, idempotency.key],
  );
  const [row] = rows;
  if (!row) return undefined;
  if (row.body_hash.equals(idempotency.bodyHash)) return idOf('operation', row.id);
  throw new AosError(
    'idempotency_mismatch',
    `The key ${JSON.stringify(idempotency.key)} was used before with another body; use a new key for a new request.`,
  );
}

async function fill(
  tx: Db,
  tenant: string,
  id: string,
  { selection, expectedHash }: NewOperation,
): Promise<void> {
  const { text, values } = selectionQuery(tenant, selection);
  const operation = `$${values.length + 1}::uuid`;
  const rows = await tx.query<{ count: number; hash: string }>(
    `with chosen as materialized (${text}),
     taken as (
       insert into aos.operation_items (tenant_id, operation_id, nth, run_id, state, live)
       select $1, ${operation}, nth, run_id, 'pending', true
         from chosen
        order by run_id
           on conflict (run_id) where live do nothing
       returning run_id),
     skipped as (
       insert into aos.operation_items
              (tenant_id, operation_id, nth, run_id, state, detail, settled_at, live)
       select $1, ${operation}, nth, run_id, 'skipped', 'Another operation has it in hand.',
              clock_timestamp(), false
         from chosen
        where run_id not in (select run_id from taken))
     select count(*)::int as count, ${HASH} as hash from chosen`,
    [...values, uuidOf('operation', id)],
  );
  const { count = 0, hash = '' } = rows[0] ?? {};
  refuseTooMany(count);
  if (expectedHash !== undefined && expectedHash !== hash) {
    throw new AosError(
      'selection_changed',
      `The selection holds ${count} runs now, and not the ones of the preview; look at it again.`,
    );
  }
  if (count === 0) {
    const detail = 'selects nothing that could be done';
    throw new AosError('invalid_request', `The request: #/filter ${detail}.`, {
      problems: [{ pointer: '#/filter', detail }],
    });
  }
  await tx.query(`update aos.operations set total = $2, selection_hash = $3 where id = $1`, [
    uuidOf('operation', id),
    count,
    hash,
  ]);
}
