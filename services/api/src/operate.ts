import {
  AosError,
  CANARY_STAGES,
  failureOf,
  OPERATION_RATE,
  type Json,
  type OperationKind,
} from '@aos/core';
import type {
  CancelManyRequest,
  DiscardRequest,
  PreviewResource,
  RedriveRequest,
  RerunManyRequest,
} from '@aos/sdk';
import {
  beginOperation,
  operations,
  selections,
  tenants,
  type deadLetters,
  type runs,
} from '@aos/store';

import { refused } from './new-run.ts';
import { operationResource } from './operation-resource.ts';
import { idempotencyOf } from './request-headers.ts';
import { rerun } from './rerun.ts';
import type { Answer, Call } from './route.ts';
import type { Services } from './services.ts';

const SAMPLE_MAX = 5;

type Body = RerunManyRequest | RedriveRequest | CancelManyRequest;

/**
 * Answers a wish about many runs: with what it would be about when it is a dry run, else with the operation
 * that was begun. Whoever drives operations does the rest.
 */
export async function operate(
  call: Call<unknown, Body>,
  services: Services,
  kind: OperationKind,
  selection: selections.Selection,
): Promise<Answer> {
  const { caller, body } = call;
  if (body.dryRun) {
    return { status: 200, json: await preview(call, services, selection) };
  }
  const idempotency = idempotencyOf(call.request, body as Json);
  const canary = kind === 'cancel' ? [] : ((body as RerunManyRequest).canary ?? CANARY_STAGES);
  const operation = await tenants.acting(services.database, caller.tenant, async (tx) => {
    const { id } = await beginOperation(tx, caller.tenant, {
      kind,
      request: requestOf(body),
      selection,
      canary,
      ratePerSecond: body.ratePerSecond ?? OPERATION_RATE,
      reason: body.reason,
      by: caller.name,
      ...(body.selection !== undefined && { expectedHash: body.selection }),
      ...(idempotency && { idempotency }),
    });
    return operations.get(tx, id);
  });
  return {
    status: 202,
    headers: { Location: `/admin/operations/${operation.id}` },
    json: operationResource(operation),
  };
}

function requestOf(body: Body): operations.OperationRequest {
  if (!('mode' in body)) return {};
  const { mode, fromStep, patch, agentVersion, planner, priority } = body;
  return {
    mode,
    ...(fromStep !== undefined && { fromStep }),
    ...(patch && { patch }),
    ...(agentVersion !== undefined && { agentVersion }),
    ...(planner !== undefined && { planner }),
    ...(priority !== undefined && { priority }),
  };
}

async function preview(
  { caller, body }: Call<unknown, Body>,
  services: Services,
  selection: selections.Selection,
): Promise<PreviewResource> {
  const { count, hash, sample } = await services.database.actingFor([caller.tenant], (tx) =>
    selections.preview(tx, caller.tenant, selection, SAMPLE_MAX),
  );
  const shown: PreviewResource['sample'] = [];
  for (const runId of sample) {
    if (!('mode' in body)) {
      shown.push({ runId });
      continue;
    }
    const { mode, reason } = body;
    const request = { ...requestOf(body), mode, reason };
    try {
      const { changes, kept } = await rerun(services, caller, runId, withList(request));
      shown.push({ runId, changes: [...changes], kept: [...kept] });
    } catch (error) {
      if (!(error instanceof AosError)) throw error;
      const { problems, ...failure } = failureOf(error);
      shown.push({ runId, failure: { ...failure, ...(problems && { problems: [...problems] }) } });
    }
  }
  return { count, selection: hash, sample: shown };
}

/** A request as the route of one run takes it. */
export function withList<T extends operations.OperationRequest>(request: T) {
  const { patch, ...rest } = request;
  return { ...rest, ...(patch && { patch: [...patch] }) };
}

/** Runs by their ids or by a filter; one of the two. */
export function runSelection(
  of: 'finished' | 'unfinished',
  { runIds, filter }: Pick<RerunManyRequest, 'runIds' | 'filter'>,
): selections.Selection {
  if ((runIds === undefined) === (filter === undefined)) {
    throw refused('#', 'needs either runIds or filter');
  }
  if (runIds) return { of, ids: runIds };
  const { createdAfter, createdBefore, ...rest } = filter ?? {};
  const asked: runs.RunFilter = { ...rest, ...between({ createdAfter, createdBefore }) };
  return { of, filter: asked };
}

/** Dead letters by their ids, by their case or by a filter; one of the three. */
export function letterSelection(
  body: Pick<DiscardRequest, 'ids' | 'filter' | 'case'>,
): Extract<selections.Selection, { of: 'letters' }> {
  const { ids, filter } = body;
  const given = [ids, filter, body.case].filter((one) => one !== undefined);
  if (given.length !== 1) throw refused('#', 'needs either ids, filter or case');
  if (ids) return { of: 'letters', ids };
  const { failedAfter, failedBefore, ...rest } = filter ?? {};
  const asked: deadLetters.LetterFilter = {
    ...rest,
    ...(body.case !== undefined && { case: body.case }),
    ...(failedAfter !== undefined && { after: new Date(failedAfter) }),
    ...(failedBefore !== undefined && { before: new Date(failedBefore) }),
  };
  return { of: 'letters', filter: asked };
}

function between(times: {
  readonly createdAfter: string | undefined;
  readonly createdBefore: string | undefined;
}): Pick<runs.RunFilter, 'createdAfter' | 'createdBefore'> {
  const { createdAfter, createdBefore } = times;
  return {
    ...(createdAfter !== undefined && { createdAfter: new Date(createdAfter) }),
    ...(createdBefore !== undefined && { createdBefore: new Date(createdBefore) }),
  };
}
