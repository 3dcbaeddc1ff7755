import type { JsonSchema } from '@aos/core';
import {
  caseListSchema,
  caseSchema,
  deadLetterDetailSchema,
  deadLetterListSchema,
  discardedSchema,
  operationListSchema,
  operationSchema,
  previewSchema,
  type CaseResource,
  type DeadLetterResource,
  type OperationResource,
  type PreviewResource,
} from '@aos/sdk';

import { runId, uuid } from './ids.fixture.ts';

export const letterId = `dl_${uuid}`;
export const caseId = '0123456789abcdef01234567';
export const operationId = 'op_01a209b7-6a00-7a98-b4dc-00000000000a';
export const selection = 'a'.repeat(64);
const at = '2026-05-01T09:00:00.000Z';

export const letter: DeadLetterResource = {
  id: letterId,
  runId,
  rootRunId: runId,
  redrives: 0,
  state: 'open',
  goal: 'Fetch it',
  agent: { name: 'default', version: 1 },
  epoch: 1,
  category: 'target',
  failure: {
    code: 'target_failed',
    detail: 'The host answered 500.\u001b[2J',
    meaning: 'The host answered with a server error.',
    step: 'fetch',
  },
  step: { key: 'fetch', skill: 'http_request', skillVersion: '1.0.0', attempts: 3 },
  plan: { version: 1, hash: 'sha256:0' },
  skillVersions: { http_request: '1.0.0' },
  costUsd: 0.25,
  case: caseId,
  message: 'The host answered <n>.',
  failedAt: at,
  operationId: null,
  redriven: null,
  discarded: null,
  links: { self: '/', run: '/', report: '/', events: '/', case: '/' },
};

export const cause: CaseResource = {
  id: caseId,
  state: 'open',
  reopened: true,
  owner: 'ann',
  note: null,
  version: '1.0.0',
  changedAt: at,
  changedBy: 'ann',
  code: 'target_failed',
  skill: 'http_request',
  step: 'fetch',
  message: 'The host answered <n>.',
  skillVersions: ['1.0.0'],
  letters: 100,
  openLetters: 99,
  lastHour: 7,
  costUsd: 25,
  firstSeen: at,
  lastSeen: at,
  links: { self: '/', letters: '/' },
};

export const operation: OperationResource = {
  id: operationId,
  kind: 'redrive',
  state: 'done',
  request: { mode: 'retry' },
  reason: 'Mended.',
  createdBy: 'ann',
  createdAt: at,
  endedAt: at,
  endedBy: null,
  endReason: null,
  total: 3,
  asked: { filter: { case: caseId } },
  selection,
  canary: [1, 5],
  stage: 1,
  ratePerSecond: 5,
  progress: {
    pending: 0,
    started: 3,
    skipped: 0,
    refused: 0,
    succeeded: 3,
    failed: 0,
    cancelled: 0,
  },
  links: { self: '/', items: '/', abort: '/' },
};

const preview: PreviewResource = {
  count: 3,
  selection,
  sample: [
    { runId, changes: [{ path: '/input/url', before: 'a', after: 'b' }], kept: ['extract'] },
    { runId, failure: { code: 'plan_invalid', detail: 'No.' } },
  ],
};

/** What the tests of repairing change. */
export interface RepairScene {
  letters: readonly DeadLetterResource[];
  operation: OperationResource;
  preview: PreviewResource;
}

export function newRepairScene(): RepairScene {
  return { letters: [letter], operation, preview };
}

type Answer = readonly [schema: JsonSchema, body: unknown, status?: number];

export function repairAnswers(scene: RepairScene, body: unknown): Readonly<Record<string, Answer>> {
  const wish: Answer =
    (body as { dryRun?: boolean } | undefined)?.dryRun === true
      ? [previewSchema, scene.preview]
      : [operationSchema, scene.operation, 202];
  const detail = {
    letter,
    input: { url: 'https://a.org' },
    plan: null,
    steps: [],
    lineage: [letter],
    case: cause,
  };
  return {
    'GET /v1/dead-letters': [deadLetterListSchema, { items: scene.letters, nextCursor: null }],
    [`GET /v1/dead-letters/${letterId}`]: [deadLetterDetailSchema, detail],
    [`GET /v1/dead-letters/${runId}`]: [deadLetterDetailSchema, detail],
    'POST /v1/dead-letters/redrive': wish,
    'POST /admin/rerun': wish,
    'POST /admin/cancel': wish,
    'POST /v1/dead-letters/discard': [discardedSchema, { discarded: 2 }],
    'GET /v1/cases': [caseListSchema, { items: [cause], nextCursor: 'more' }],
    [`GET /v1/cases/${caseId}`]: [caseSchema, cause],
    [`POST /v1/cases/${caseId}`]: [caseSchema, { ...cause, state: 'fixed', reopened: false }],
    'GET /admin/operations': [operationListSchema, { items: [scene.operation], nextCursor: null }],
    [`GET /admin/operations/${operationId}`]: [operationSchema, scene.operation],
    [`POST /admin/operations/${operationId}/abort`]: [operationSchema, scene.operation],
  };
}
