import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { problemsOf, type FailureCode, type JsonSchema } from '@aos/core';
import {
  agentListSchema,
  agentResourceSchema,
  approvalListSchema,
  approvalSchema,
  artifactListSchema,
  eventListSchema,
  eventSchema,
  pauseListSchema,
  pauseSchema,
  planResourceSchema,
  problemSchema,
  reportSchema,
  resumedSchema,
  runListSchema,
  runSchema,
  simulationSchema,
  skillListSchema,
  skillSchema,
  stepListSchema,
  targetListSchema,
  targetSchema,
  versionSchema,
  whySchema,
  type ProblemResource,
} from '@aos/sdk';

import { repairAnswers } from './repair.fixture.ts';
import { newScene, runId, target, type Scene } from './scene.fixture.ts';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** A server of its own process that speaks as the API does; every body is checked against its schema. */
export interface StandIn extends AsyncDisposable {
  readonly url: string;
  readonly key: string;
  readonly scene: Scene;
  readonly requests: Request[];
  /** Where the events come from. */
  readonly tap: {
    /** A stream stops before the event of this number until it is told to go on. */
    holdAt: number;
    /** Breaks the held streams: the client has to come again. */
    cut(): void;
    goOn(): void;
  };
  /** Answers requests of this path with this problem from now on. */
  refuse(path: string, status: number, code: FailureCode, more?: Partial<ProblemResource>): void;
  /** The requests of this method and path, once there is one. */
  arrived(method: string, path: string): Promise<Request>;
}

type Answer = readonly [schema: JsonSchema, body: unknown, status?: number];

const KEY = 'aos_secret_of_the_test';

export async function startStandIn(changes: Partial<Scene> = {}): Promise<StandIn> {
  const scene = { ...newScene(), ...changes };
  const requests: Request[] = [];
  const refusals = new Map<string, ProblemResource>();
  const waiting = new Set<() => void>();
  const faults: unknown[] = [];
  const tap = newTap(scene);
  const server = createServer((incoming, response) => {
    answer(incoming, response).catch((fault: unknown) => {
      faults.push(fault);
      response.destroy();
    });
  });
  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await read(incoming);
    requests.push(request);
    for (const wake of waiting) wake();
    const refusal = refusals.get(request.path) ?? refusalOf(request);
    if (refusal) send(response, problemSchema, refusal, refusal.status);
    else if (request.headers.accept === 'text/event-stream') tap.open(request, response);
    else if (request.path.startsWith(`/v1/runs/${runId}/artifacts/`)) {
      response.setHeader('content-type', 'application/octet-stream').end(scene.content);
    } else send(response, ...routeOf(scene, request));
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    key: KEY,
    scene,
    requests,
    tap,
    refuse: (path, status, code, more = {}) => {
      refusals.set(path, problem(status, code, more));
    },
    async arrived(method, path) {
      for (;;) {
        const found = requests.find((one) => one.method === method && one.path === path);
        if (found) return found;
        await new Promise<void>((resolve) => waiting.add(resolve));
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      assert.deepEqual(faults, []);
    },
  };
}

function newTap(scene: Scene) {
  const held = new Set<ServerResponse>();
  const tap = {
    holdAt: Infinity,
    open(request: Request, response: ServerResponse): void {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      response.flushHeaders();
      const after = Number(request.headers['last-event-id'] ?? -1);
      for (const event of scene.events.slice(after + 1, Math.max(after + 1, tap.holdAt))) {
        assert.deepEqual(problemsOf(eventSchema, event), []);
        response.write(`id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`);
      }
      if (tap.holdAt < scene.events.length) held.add(response);
      else response.end('event: end\ndata: {}\n\n');
    },
    cut() {
      for (const response of held) response.destroy();
      held.clear();
    },
    goOn() {
      tap.holdAt = Infinity;
      tap.cut();
    },
  };
  return tap;
}

function refusalOf({ headers, path }: Request): ProblemResource | undefined {
  if (headers.authorization === `Bearer ${KEY}` || path === '/version') return undefined;
  return problem(401, 'unauthenticated', { title: 'No valid API key was given.' });
}

function routeOf(scene: Scene, { method, path, body }: Request): Answer {
  const run = `/v1/runs/${runId}`;
  const [approval] = scene.approvals;
  const decided = {
    ...approval,
    decided: { ...(body as object), by: 'tester', at: '2026-05-01T09:01:00.000Z' },
  };
  const plan = { runId, version: 1, planner: 'rules', hash: 'sha256:0', plan: scene.plan };
  const routes: Readonly<Record<string, Answer>> = {
    'GET /version': [versionSchema, { name: 'aos', version: '9.9.9', environment: 'development' }],
    'POST /v1/runs': [runSchema, scene.run, 202],
    'GET /v1/runs': [runListSchema, { items: scene.runs, nextCursor: scene.nextCursor }],
    [`GET ${run}`]: [runSchema, scene.run],
    [`POST ${run}/cancel`]: [runSchema, scene.run],
    [`POST ${run}/pause`]: [runSchema, scene.run],
    [`POST ${run}/resume`]: [runSchema, scene.run],
    'POST /admin/pause': [pauseSchema, scene.pauses[0]],
    'POST /admin/resume': [resumedSchema, { resumed: scene.pauses.length > 0 }],
    'GET /admin/pauses': [pauseListSchema, { items: scene.pauses }],
    [`POST ${run}/rerun`]: [runSchema, scene.run, 202],
    [`GET ${run}/plan`]: [planResourceSchema, { ...plan, createdAt: scene.run.createdAt }],
    [`GET ${run}/steps`]: [stepListSchema, { items: scene.steps }],
    [`GET ${run}/events`]: [eventListSchema, { items: scene.events, nextAfter: null }],
    [`GET ${run}/report`]: [reportSchema, scene.report],
    [`GET ${run}/artifacts`]: [artifactListSchema, { items: scene.artifacts }],
    [`GET ${run}/why`]: [whySchema, scene.why],
    ...repairAnswers(scene.repair, body),
    'POST /v1/simulate': [simulationSchema, scene.simulation],
    'GET /v1/targets': [targetListSchema, { items: scene.targets }],
    'POST /admin/targets/park': [targetSchema, target],
    'POST /admin/targets/release': [targetSchema, { ...target, state: 'releasing', until: null }],
    'GET /v1/skills': [skillListSchema, { items: scene.skills }],
    'GET /v1/agents': [agentListSchema, { items: scene.agents }],
    'GET /v1/approvals': [approvalListSchema, { items: scene.approvals, nextCursor: null }],
    [`POST /v1/approvals/${approval?.id}/decision`]: [approvalSchema, decided],
    ...Object.fromEntries(
      scene.skills.map((one) => [`GET /v1/skills/${one.name}`, [skillSchema, one]]),
    ),
    ...Object.fromEntries<Answer>(
      scene.agents.map((one) => [`GET /v1/agents/${one.name}`, [agentResourceSchema, one]]),
    ),
  };
  return routes[`${method} ${path}`] ?? [problemSchema, problem(404, codeOf(path), {}), 404];
}

function codeOf(path: string): FailureCode {
  if (path.startsWith('/v1/runs/')) return 'run_not_found';
  if (path.startsWith('/v1/skills/')) return 'skill_not_found';
  return path.startsWith('/v1/agents/') ? 'agent_not_found' : 'route_not_found';
}

function problem(
  status: number,
  code: FailureCode,
  more: Partial<ProblemResource>,
): ProblemResource {
  return {
    type: `/docs#${code}`,
    title: code,
    status,
    detail: `Said by the test: ${code}.`,
    code,
    requestId: 'req-1',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    errors: [],
    ...more,
  };
}

function send(response: ServerResponse, schema: JsonSchema, body: unknown, status = 200): void {
  assert.deepEqual(problemsOf(schema, body), []);
  const type = status >= 400 ? 'application/problem+json' : 'application/json; charset=utf-8';
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
}

async function read(incoming: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const url = new URL(incoming.url ?? '/', 'http://stand-in');
  return {
    method: incoming.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    body: text === '' ? undefined : (JSON.parse(text) as unknown),
  };
}
