import type { OperationItemList, OperationResource } from '@aos/sdk';
import type { operations } from '@aos/store';

import { timeOrNull } from './run-resource.ts';

/** An operation as the API tells it. */
export function operationResource(operation: operations.Operation): OperationResource {
  const { patch, ...request } = operation.request;
  const self = `/admin/operations/${operation.id}`;
  return {
    id: operation.id,
    kind: operation.kind,
    state: operation.state,
    request: { ...request, ...(patch && { patch: [...patch] }) },
    reason: operation.reason,
    createdBy: operation.createdBy,
    createdAt: operation.createdAt.toISOString(),
    endedAt: timeOrNull(operation.endedAt),
    endedBy: operation.endedBy ?? null,
    endReason: operation.endReason ?? null,
    total: operation.total,
    asked: { ...operation.selection },
    selection: operation.selectionHash,
    canary: [...operation.canary],
    stage: operation.stage,
    ratePerSecond: operation.ratePerSecond,
    progress: { ...operation.progress },
    links: { self, items: `${self}/items`, abort: `${self}/abort` },
  };
}

export function operationItemResource(
  item: operations.OperationItem,
): OperationItemList['items'][number] {
  const { nth, runId, state, newRunId, outcome, detail, settledAt } = item;
  return {
    nth,
    runId,
    state,
    ...(newRunId && { newRunId }),
    ...(outcome && { outcome }),
    ...(detail !== undefined && { detail }),
    ...(settledAt && { settledAt: settledAt.toISOString() }),
  };
}
