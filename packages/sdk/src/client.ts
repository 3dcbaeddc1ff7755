import { randomUUID } from 'node:crypto';

import type { AgentInput, NewRun, Report } from '@aos/core';

import { repairRoutes, type RepairClient } from './repair.ts';
import { streamEvents, type EventStreamOptions } from './event-stream.ts';
import { logClient, type LogClient } from './log-client.ts';
import { send, type ApiRequest, type ClientOptions, type Query } from './request.ts';
import type {
  AgentList,
  AgentResource,
  ApprovalList,
  ApprovalResource,
  ArtifactList,
  DecisionRequest,
  EventList,
  EventResource,
  PauseList,
  PauseRequest,
  PauseResource,
  PlanResource,
  RerunRequest,
  ResumedResource,
  ResumeRequest,
  RunList,
  RunResource,
  ShareResource,
  ScaleQuery,
  ScaleResource,
  ScrapeTargets,
  SimulateRequest,
  Simulation,
  SkillList,
  SkillResource,
  StepList,
  TargetList,
  TargetParkRequest,
  TargetReleaseRequest,
  TargetResource,
  VersionResource,
  WhyResource,
} from './resources.ts';

/** Filters of `runs.list`; see `GET /v1/runs`. */
export interface RunFilter {
  readonly status?: string;
  readonly outcome?: string;
  readonly waitingFor?: string;
  readonly agent?: string;
  readonly planner?: string;
  readonly tag?: string;
  readonly skill?: string;
  readonly error?: string;
  readonly createdAfter?: string | Date;
  readonly createdBefore?: string | Date;
  readonly origin?: string;
  readonly q?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

export interface CreateOptions {
  /** The caller's name for this request; one is made when it is left out, so that retries make one run. */
  readonly idempotencyKey?: string;
  /** Wait up to this many seconds for the run to finish; at most 60. */
  readonly waitS?: number;
  readonly signal?: AbortSignal;
}

export interface ArtifactContent {
  readonly mediaType: string;
  readonly content: Uint8Array;
}

export interface Client extends RepairClient, LogClient {
  readonly runs: {
    create(body: NewRun, options?: CreateOptions): Promise<RunResource>;
    get(id: string): Promise<RunResource>;
    list(filter?: RunFilter): Promise<RunList>;
    plan(id: string, version?: number): Promise<PlanResource>;
    steps(id: string): Promise<StepList>;
    /** Streams until the run has finished; resumes by itself. */
    events(id: string, options?: EventStreamOptions): AsyncIterable<EventResource>;
    eventList(
      id: string,
      page?: { readonly after?: number; readonly limit?: number },
    ): Promise<EventList>;
    cancel(id: string): Promise<RunResource>;
    /** It rests from its next step boundary on. */
    pause(id: string): Promise<RunResource>;
    resume(id: string): Promise<RunResource>;
    setPriority(id: string, priority: number): Promise<RunResource>;
    rerun(id: string, body: RerunRequest, options?: CreateOptions): Promise<RunResource>;
    report(id: string): Promise<Report>;
    artifacts(id: string): Promise<ArtifactList>;
    artifact(id: string, name: string): Promise<ArtifactContent>;
    why(id: string): Promise<WhyResource>;
  };
  readonly skills: {
    list(): Promise<SkillList>;
    get(name: string): Promise<SkillResource>;
  };
  readonly agents: {
    list(): Promise<AgentList>;
    get(name: string, version?: number): Promise<AgentResource>;
    create(body: AgentInput): Promise<AgentResource>;
    /** Makes the next version; fails with `version_conflict` unless `version` is the newest. */
    update(name: string, body: AgentInput, version: number): Promise<AgentResource>;
    disable(name: string, version: number): Promise<AgentResource>;
  };
  readonly approvals: {
    list(filter?: {
      readonly status?: 'open' | 'decided' | 'all';
      readonly runId?: string;
      readonly limit?: number;
      readonly cursor?: string;
    }): Promise<ApprovalList>;
    decide(id: string, body: DecisionRequest): Promise<ApprovalResource>;
  };
  /** Kill switches and shares; for keys with the scope admin. */
  readonly admin: {
    pause(body: PauseRequest): Promise<PauseResource>;
    resume(body: ResumeRequest): Promise<ResumedResource>;
    pauses(): Promise<PauseList>;
    setShare(body: ShareResource): Promise<ShareResource>;
  };
  readonly targets: {
    /** What steps reach and is out. */
    list(): Promise<TargetList>;
    park(body: TargetParkRequest): Promise<TargetResource>;
    release(body: TargetReleaseRequest): Promise<TargetResource>;
  };
  /** How many workers the load calls for; needs the scope `admin`. */
  scale(limits?: ScaleQuery): Promise<ScaleResource>;
  /** Where metrics are to be had, in the form of Prometheus; needs the scope `admin`. */
  scrapeTargets(): Promise<ScrapeTargets>;
  simulate(body: SimulateRequest): Promise<Simulation>;
  version(): Promise<VersionResource>;
  /** Any route, by hand: for programs that are told which one, as runbooks are. A text when it is no JSON. */
  call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
}

export function createClient(options: ClientOptions): Client {
  const ask = async <T>(request: ApiRequest): Promise<T> =>
    (await (await send(options, request)).json()) as T;
  const get = <T>(path: string, query?: Query) =>
    ask<T>({ method: 'GET', path, query, repeatable: true });
  return {
    runs: runRoutes(options, ask, get),
    skills: {
      list: () => get('/v1/skills'),
      get: (name) => get(`/v1/skills/${segment(name)}`),
    },
    agents: agentRoutes(ask, get),
    ...repairRoutes(ask, get),
    approvals: {
      list: (filter) => get('/v1/approvals', filter),
      decide: (id, body) =>
        // Sent again after a lost answer it would meet its own decision.
        ask({
          method: 'POST',
          path: `/v1/approvals/${segment(id)}/decision`,
          body,
          repeatable: false,
        }),
    },
    admin: adminRoutes(ask, get),
    targets: {
      list: () => get('/v1/targets'),
      // Both set a state: said twice, they say the same.
      park: (body) => ask({ method: 'POST', path: '/admin/targets/park', body, repeatable: true }),
      release: (body) =>
        ask({ method: 'POST', path: '/admin/targets/release', body, repeatable: true }),
    },
    ...logClient({
      ask,
      get,
      tell: async (request) => void (await send(options, request)),
      segment,
    }),
    scale: (limits) => get('/admin/scale', { ...limits }),
    scrapeTargets: () => get('/admin/scrape-targets'),
    simulate: (body) => ask({ method: 'POST', path: '/v1/simulate', body, repeatable: true }),
    version: () => get('/version'),
    async call(method, path, body) {
      const response = await send(options, {
        method,
        path,
        body,
        headers: {
          accept: '*/*',
          ...(method === 'POST' && { 'idempotency-key': `"${randomUUID()}"` }),
        },
        // Of what is posted nobody here knows whether it may be said twice.
        repeatable: method === 'GET',
      });
      const json = /^application\/(.*\+)?json/.test(response.headers.get('content-type') ?? '');
      return json ? response.json() : response.text();
    },
  };
}

type Ask = <T>(request: ApiRequest) => Promise<T>;
type Get = <T>(path: string, query?: Query) => Promise<T>;

function runRoutes(options: ClientOptions, ask: Ask, get: Get): Client['runs'] {
  const create = (path: string, body: unknown, request: CreateOptions = {}) =>
    ask<RunResource>({
      method: 'POST',
      path,
      body,
      headers: {
        'idempotency-key': `"${request.idempotencyKey ?? randomUUID()}"`,
        ...(request.waitS !== undefined && { prefer: `wait=${request.waitS}` }),
      },
      signal: request.signal,
      repeatable: true,
    });
  return {
    create: (body, request) => create('/v1/runs', body, request),
    get: (id) => get(runPath(id)),
    list: (filter) => get('/v1/runs', { ...filter }),
    plan: (id, version) => get(runPath(id, '/plan'), { version }),
    steps: (id) => get(runPath(id, '/steps')),
    events: (id, stream) => streamEvents(options, id, stream),
    eventList: (id, page) => get(runPath(id, '/events'), page),
    cancel: (id) => ask({ method: 'POST', path: runPath(id, '/cancel'), repeatable: true }),
    pause: (id) => ask({ method: 'POST', path: runPath(id, '/pause'), repeatable: true }),
    resume: (id) => ask({ method: 'POST', path: runPath(id, '/resume'), repeatable: true }),
    setPriority: (id, priority) =>
      ask({
        method: 'POST',
        path: runPath(id, '/priority'),
        body: { priority },
        repeatable: true,
      }),
    rerun: (id, body, request) => create(runPath(id, '/rerun'), body, request),
    report: (id) => get(runPath(id, '/report')),
    artifacts: (id) => get(runPath(id, '/artifacts')),
    async artifact(id, name) {
      const path = runPath(id, `/artifacts/${name.split('/').map(segment).join('/')}`);
      const response = await send(options, {
        method: 'GET',
        path,
        headers: { accept: '*/*' },
        repeatable: true,
      });
      return {
        mediaType: response.headers.get('content-type') ?? 'application/octet-stream',
        content: new Uint8Array(await response.arrayBuffer()),
      };
    },
    why: (id) => get(runPath(id, '/why')),
  };
}

function adminRoutes(ask: Ask, get: Get): Client['admin'] {
  const post = <T>(path: string, body: unknown) =>
    ask<T>({ method: 'POST', path, body, repeatable: true });
  return {
    pause: (body) => post('/admin/pause', body),
    resume: (body) => post('/admin/resume', body),
    pauses: () => get('/admin/pauses'),
    setShare: (body) => post('/admin/shares', body),
  };
}

function agentRoutes(ask: Ask, get: Get): Client['agents'] {
  return {
    list: () => get('/v1/agents'),
    get: (name, version) => get(agentPath(name), { version }),
    create: (body) => ask({ method: 'POST', path: '/v1/agents', body, repeatable: false }),
    update: (name, body, version) =>
      ask({
        method: 'PUT',
        path: agentPath(name),
        body,
        headers: ifMatch(version),
        repeatable: false,
      }),
    disable: (name, version) =>
      ask({ method: 'DELETE', path: agentPath(name), headers: ifMatch(version), repeatable: true }),
  };
}

function runPath(id: string, rest = ''): string {
  return `/v1/runs/${segment(id)}${rest}`;
}

function agentPath(name: string): string {
  return `/v1/agents/${segment(name)}`;
}

function ifMatch(version: number) {
  return { 'if-match': `"${version}"` };
}

/** A path segment; "." and ".." would be folded away by the URL parser even when they are encoded. */
function segment(text: string): string {
  if (text === '.' || text === '..' || text === '') throw new TypeError(`Not a name: "${text}"`);
  return encodeURIComponent(text);
}
