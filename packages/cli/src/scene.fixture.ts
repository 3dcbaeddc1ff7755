import type { Plan, Report } from '@aos/core';
import type {
  AgentResource,
  ApprovalResource,
  ArtifactResource,
  EventResource,
  PauseResource,
  RunResource,
  Simulation,
  SkillResource,
  StepResource,
  TargetResource,
  WhyResource,
} from '@aos/sdk';

import { runId } from './ids.fixture.ts';
import { newRepairScene, type RepairScene } from './repair.fixture.ts';

export { runId } from './ids.fixture.ts';

/** Everything that the stand-in of the API knows. Tests change it. */
export interface Scene {
  run: RunResource;
  runs: readonly RunResource[];
  nextCursor: string | null;
  plan: Plan;
  steps: readonly StepResource[];
  events: readonly EventResource[];
  report: Report;
  artifacts: readonly ArtifactResource[];
  content: Uint8Array;
  why: WhyResource;
  skills: readonly SkillResource[];
  agents: readonly AgentResource[];
  approvals: readonly ApprovalResource[];
  pauses: readonly PauseResource[];
  simulation: Simulation;
  targets: readonly TargetResource[];
  repair: RepairScene;
}

export const approvalId = 'apr_01a209b7-6a00-7a98-b4dc-000000000002';
const began = Date.parse('2026-05-01T09:00:00.000Z');
const at = (ms: number) => new Date(began + ms).toISOString();

const goal = 'Fetch HTML of google.com, extract headings, summarize them.';
const agent = { name: 'default', version: 1 };

export const plan: Plan = {
  version: 1,
  steps: [
    { key: 'fetch', skill: 'http_request', input: { url: 'https://google.com' } },
    { key: 'extract', skill: 'html_extract', input: { html: '${fetch.text}' } },
    {
      key: 'summary',
      skill: 'llm_invoke',
      input: { prompt: 'Summarize', input: '${extract.headings}' },
      when: 'size(extract.headings) > 0',
    },
  ],
};

/** The events of a run, numbered; each one 100 ms after the one before. */
export function eventsOf(
  facts: readonly { readonly type: EventResource['type']; readonly [name: string]: unknown }[],
): EventResource[] {
  return facts.map(({ type, ...data }, seq) => ({
    runId,
    seq,
    at: at(seq * 100),
    type,
    data: data as EventResource['data'],
  }));
}

const done = (step: string, skill: string, durationMs: number) =>
  ({ type: 'step.completed', step, skill, attempt: 1, durationMs }) as const;

export const beginning = [
  { type: 'run.accepted', agent: 'default', planner: 'rules', by: 'tester' },
  { type: 'run.started', workerId: 'wrk_1', epoch: 1 },
  {
    type: 'run.planned',
    version: 1,
    planner: 'rules',
    steps: 3,
    planHash: 'sha256:0',
    durationMs: 12,
  },
] as const;

export const story = eventsOf([
  ...beginning,
  done('fetch', 'http_request', 412),
  { type: 'step.started', step: 'extract', skill: 'html_extract', attempt: 1, effect: 'pure' },
  done('extract', 'html_extract', 38),
  done('summary', 'llm_invoke', 1500),
  { type: 'run.finished', outcome: 'succeeded', durationMs: 2100 },
]);

export const run: RunResource = {
  id: runId,
  goal,
  input: {},
  agent,
  planner: 'rules',
  status: 'finished',
  outcome: 'succeeded',
  failure: null,
  priority: 0,
  tags: ['demo'],
  budget: {},
  progress: { percent: 100, done: 3, total: 3, current: [] },
  createdAt: at(0),
  startedAt: at(100),
  finishedAt: at(2200),
  startAt: null,
  expiresAt: null,
  deadlineAt: null,
  waitingFor: null,
  wakeAt: null,
  cancelRequestedAt: null,
  cancelRequestedBy: null,
  pauseRequestedAt: null,
  pauseRequestedBy: null,
  parentRunId: null,
  origin: null,
  traceId: runId.slice(4).replaceAll('-', ''),
  links: {
    self: `/v1/runs/${runId}`,
    plan: `/v1/runs/${runId}/plan`,
    steps: `/v1/runs/${runId}/steps`,
    events: `/v1/runs/${runId}/events`,
    report: `/v1/runs/${runId}/report`,
    artifacts: `/v1/runs/${runId}/artifacts`,
    why: `/v1/runs/${runId}/why`,
  },
};

const report: Report = {
  reportVersion: 1,
  runId,
  goal,
  agent,
  planner: 'rules',
  origin: null,
  status: 'finished',
  outcome: 'succeeded',
  failure: null,
  output: {
    headings: [
      { level: 1, text: 'Google' },
      { level: 2, text: 'Search' },
      { level: 2, text: 'Images' },
    ],
    summary: 'The page offers a search for pages and for images.',
  },
  times: { createdAt: at(0), startedAt: at(100), finishedAt: at(2200), durationMs: 2100 },
  plan: { version: 1, hash: 'sha256:0', steps: 3 },
  steps: [
    { key: 'fetch', skill: 'http_request', status: 'completed', attempts: 1, durationMs: 412 },
    { key: 'extract', skill: 'html_extract', status: 'completed', attempts: 1, durationMs: 38 },
    { key: 'summary', skill: 'llm_invoke', status: 'completed', attempts: 1, durationMs: 1500 },
  ],
  gaps: [],
  notes: ['No language model was used: the summary is made of sentences of the text.'],
  approvals: [],
  artifacts: [
    { name: 'out/notes.md', mediaType: 'text/markdown', bytes: 2048, digest: 'sha256:1' },
  ],
  usage: null,
  claims: 1,
};

const step = (key: string, skill: string, durationMs: number): StepResource => ({
  key,
  skill,
  skillVersion: '1.0.0',
  effect: 'read',
  status: 'completed',
  attempts: 1,
  startedAt: at(200),
  finishedAt: at(200 + durationMs),
  durationMs,
});

const skill: SkillResource = {
  name: 'http_request',
  version: '1.2.0',
  description: 'Send one HTTP request and return the response.',
  input: {
    type: 'object',
    required: ['url'],
    properties: {
      url: { type: 'string', maxLength: 2048, description: 'Where to.' },
      method: { enum: ['GET', 'POST'], default: 'GET' },
      options: { type: 'object', properties: { follow: { type: 'boolean' } } },
    },
  },
  output: { type: 'object', properties: { status: { type: 'integer' } } },
  effect: 'unkeyed',
  effectBy: { property: 'method', values: { GET: 'read' } },
  permissions: ['network:http'],
  limits: { timeoutMs: 30_000, timeoutMaxMs: 300_000, outputBytes: 2_000_000 },
  cost: { kind: 'free' },
  failures: [{ code: 'target_unreachable', when: 'The host does not answer.' }],
  examples: [{ title: 'A page', input: { url: 'https://example.com' }, output: { status: 200 } }],
  publishedAt: at(0),
};

const agentResource: AgentResource = {
  name: 'researcher',
  description: 'Reads pages and writes what they say.',
  instructions: 'Be brief.',
  planner: 'auto',
  skills: ['http_request', 'html_extract'],
  limits: { wallMs: 600_000 },
  templates: {
    digest: {
      description: 'A digest of one page.',
      parameters: { type: 'object', required: ['url'], properties: { url: { type: 'string' } } },
      plan,
    },
  },
  version: 3,
  status: 'active',
  createdAt: at(0),
};

export const approval: ApprovalResource = {
  id: approvalId,
  runId,
  step: 'notify',
  kind: 'step',
  reason: 'It writes to a customer.',
  skill: 'notify',
  input: { to: 'ada@example.com', text: 'All is well.' },
  inputHash: 'sha256:2',
  createdAt: at(500),
  decided: null,
};

const simulation: Simulation = {
  agent,
  planner: 'rules',
  plan,
  steps: plan.steps.map(({ key, skill: name }, index) => ({
    key,
    skill: name,
    skillVersion: '1.0.0',
    after: index === 0 ? [] : [plan.steps[index - 1]?.key ?? ''],
    forEach: false,
    effect: index === 0 ? 'read' : 'pure',
    sideEffects: false,
    permissions: index === 0 ? ['network:http'] : [],
    approval: null,
    cost: 'free',
    timeoutMs: 30_000,
    attempts: 3,
  })),
  permissions: ['network:http'],
  sideEffects: [],
  approvals: [],
  notes: ['The goal names no scheme: https is used.'],
  problems: [],
};

export const target: TargetResource = {
  target: 'http:api.example:443',
  state: 'out',
  since: at(0),
  until: at(60_000),
  failure: { code: 'target_overloaded', detail: 'https://api.example answered 429.' },
  parkedBy: null,
  failed: 7,
  parked: { steps: 312, runs: 300, oldest: at(1_000), example: runId },
};

export function newScene(): Scene {
  return {
    run,
    runs: [run],
    targets: [],
    nextCursor: null,
    plan,
    steps: [
      step('fetch', 'http_request', 412),
      step('extract', 'html_extract', 38),
      step('summary', 'llm_invoke', 1500),
    ],
    events: story,
    report,
    artifacts: [
      {
        name: 'out/notes.md',
        mediaType: 'text/markdown',
        bytes: 2048,
        digest: 'sha256:1',
        step: 'summary',
        createdAt: at(2000),
        derived: false,
        href: `/v1/runs/${runId}/artifacts/out/notes.md`,
      },
    ],
    pauses: [],
    content: Uint8Array.from({ length: 256 }, (_, byte) => byte),
    why: { runId, status: 'finished', reasons: [{ code: 'finished', detail: 'It succeeded.' }] },
    skills: [skill],
    agents: [agentResource],
    approvals: [approval],
    simulation,
    repair: newRepairScene(),
  };
}
