import assert from 'node:assert/strict';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';

import { completeAgent, foreignProblemsOf, type JsonSchema, type SkillManifest } from '@aos/core';
import { createPlanners, makePlan } from '@aos/planner';
import { apiKeys, createDatabase, migrate, skills, tenants, type Database } from '@aos/store';
import { createLogger, createMetrics } from '@aos/telemetry';
import { testDatabase } from '@aos/testing';

import { startApi, type Api } from './api.ts';
import { createHandWorker, type HandWorker } from './hand-worker.fixture.ts';
import { openApi } from './openapi.ts';
import { routeTable } from './routes.ts';
import type { ApiSettings } from './services.ts';

export interface Asked {
  readonly key?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: string | Uint8Array;
}

export interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies of any form
  readonly json: any;
}

/** A real API on a database of its own, and a worker that does only what the test says. */
export interface TestApi extends AsyncDisposable {
  readonly url: string;
  readonly api: Api;
  /** Of the tenant `default`, with all rights. */
  readonly key: string;
  /** Of the tenant `other`, with all rights. */
  readonly otherKey: string;
  /** As the owner: sees all. */
  readonly owner: Database;
  readonly worker: HandWorker;
  readonly log: () => string;
  newKey(options?: Partial<apiKeys.NewApiKey>): Promise<string>;
  /** Sends a request, and checks the answer against the OpenAPI document. */
  ask(path: string, asked?: Asked): Promise<Told>;
  /** Cuts the way to the database, or lets it hang; `up` mends it. */
  readonly way: Way;
}

export const echo: SkillManifest = {
  name: 'echo',
  version: '1.0.0',
  description: 'Return the text given.',
  input: {
    type: 'object',
    required: ['text'],
    additionalProperties: false,
    properties: { text: {} },
  },
  output: {
    type: 'object',
    required: ['text'],
    additionalProperties: false,
    properties: { text: {} },
  },
  effect: 'pure',
  permissions: [],
  limits: { timeoutMs: 1_000, timeoutMaxMs: 60_000, outputBytes: 100_000 },
  cost: { kind: 'free' },
  failures: [{ code: 'skill_crashed', when: 'Never, it is said.' }],
  examples: [{ title: 'One word', input: { text: 'a' }, output: { text: 'a' } }],
};

export const send: SkillManifest = {
  ...echo,
  name: 'send',
  description: 'Send the text somewhere.',
  effect: 'unkeyed',
  permissions: ['network:http'],
  cost: { kind: 'fixed', usd: 0.01 },
};

export const echoPlan = (text: string) => ({
  version: 1 as const,
  steps: [{ key: 'say', skill: 'echo', input: { text } }],
});

export async function startTestApi(settings: Partial<ApiSettings> = {}): Promise<TestApi> {
  await using started = new AsyncDisposableStack();
  const { url: databaseUrl } = started.use(await testDatabase());
  await migrate(databaseUrl, { allowUnsafe: true });
  const owner = createDatabase({ url: databaseUrl, applicationName: 'test', connectionsMax: 4 });
  started.defer(() => owner.close());
  await skills.publish(owner, [echo, send]);
  await tenants.ensure(owner, 'other');
  const newKey: TestApi['newKey'] = async (options = {}) => {
    const scopes: apiKeys.Scope[] = ['admin'];
    const { key } = await apiKeys.create(owner, {
      tenant: 'default',
      name: 'tester',
      scopes,
      ...options,
    });
    return key;
  };
  const key = await newKey();
  const way = started.use(await openWay(databaseUrl));
  const database = createDatabase({
    url: way.url,
    role: 'aos_api',
    applicationName: 'aos-api',
    connectionsMax: 8,
  });
  started.defer(() => database.close());
  const lines: string[] = [];
  const api = await startOn(database, settings, (line) => void lines.push(line));
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= api.stop());
  started.defer(stop);
  const worker = started.use(await createHandWorker(owner));
  const url = `http://127.0.0.1:${api.port}`;
  const all = started.move();
  return {
    url,
    api: { port: api.port, stop },
    key,
    otherKey: await newKey({ tenant: 'other', name: 'stranger' }),
    owner,
    worker,
    log: () => lines.join(''),
    newKey,
    ask: async (path, asked = {}) => checked(path, asked, await ask(url, path, { key, ...asked })),
    way,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function startOn(
  database: Database,
  settings: Partial<ApiSettings>,
  write: (line: string) => void,
): Promise<Api> {
  const planners = createPlanners();
  return startApi({
    host: '127.0.0.1',
    port: 0,
    database,
    log: createLogger({ service: 'api', level: 'debug', write }),
    metrics: createMetrics({ service: 'api', version: '0.0.0' }),
    settings: {
      version: '0.0.0',
      environment: 'development',
      modelConfigured: false,
      admission: {
        queueDepthMax: 1_000_000,
        tenantQueueDepthMax: 1_000_000,
        queueAgeMaxS: 1_000_000,
        databaseLatencyMaxMs: 60_000,
      },
      agents: [completeAgent({ name: 'default', description: 'Any goal, any skill.' })],
      plan: (name, request, signal) => makePlan(planners, name, request, signal),
      ...settings,
    },
  });
}

export async function ask(url: string, path: string, asked: Asked): Promise<Told> {
  const { key, method, headers, json, body } = asked;
  const content = json === undefined ? body : JSON.stringify(json);
  const response = await fetch(url + path, {
    method: method ?? (content === undefined ? 'GET' : 'POST'),
    headers: {
      ...(key && { authorization: `Bearer ${key}` }),
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(content !== undefined && { body: content }),
    redirect: 'manual',
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && text !== '' ? (JSON.parse(text) as unknown) : undefined,
  };
}

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>> }>
  >;
}

export const routes = routeTable('0.0.0');
export const document = JSON.parse(JSON.stringify(openApi(routes, '0.0.0'))) as {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
};

/** Every answer must be one that the OpenAPI document of the route announces. */
function checked(path: string, asked: Asked, told: Told): Told {
  const operation = operationOf(path, asked);
  if (!operation) return told;
  const where = `${asked.method ?? ''} ${path} -> ${told.status} ${told.text.slice(0, 500)}`;
  const documented = operation.responses[String(told.status)];
  assert.ok(documented, `Not documented: ${where}`);
  if (!documented.content) return told;
  const type = (told.headers.get('content-type') ?? '').split(';')[0] ?? '';
  const content = documented.content[type] ?? documented.content['application/octet-stream'];
  assert.ok(content, `Not documented: ${type} of ${where}`);
  if (told.json === undefined || !documented.content[type]) return told;
  const problems = foreignProblemsOf(whole(content.schema) as JsonSchema, told.json);
  assert.deepEqual(problems, [], where);
  return told;
}

function operationOf(path: string, asked: Asked): Operation | undefined {
  const hasBody = asked.json !== undefined || asked.body !== undefined;
  const method = (asked.method ?? (hasBody ? 'POST' : 'GET')).toLowerCase();
  const bare = path.split('?')[0] ?? '';
  const found = Object.keys(document.paths)
    .filter((template) => templatePattern(template).test(bare))
    .toSorted((a, b) => a.split('{').length - b.split('{').length)[0];
  return found === undefined ? undefined : document.paths[found]?.[method];
}

function templatePattern(template: string): RegExp {
  const escaped = template.replaceAll('.', '\\.');
  return new RegExp(
    `^${escaped.replace('artifacts/{name}', 'artifacts/.+').replaceAll(/\{\w+\}/g, '[^/]+')}$`,
  );
}

const wholes = new Map<string, unknown>();

/** The schema with its references filled in. */
function whole(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(whole);
  if (typeof schema !== 'object' || schema === null) return schema;
  const name = /^#\/components\/schemas\/(\w+)$/.exec(
    (schema as { $ref?: string }).$ref ?? '',
  )?.[1];
  if (name === undefined) {
    return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, whole(value)]));
  }
  if (!wholes.has(name)) wholes.set(name, whole(document.components.schemas[name]));
  return wholes.get(name);
}

/** The way to the database, as a network that can fail. */
export interface Way extends AsyncDisposable {
  readonly url: string;
  /** Connections are refused and reset. */
  down(): void;
  /** Bytes are swallowed, nothing is answered. */
  hang(): void;
  up(): void;
}

async function openWay(databaseUrl: string): Promise<Way> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let state: 'up' | 'down' | 'hanging' = 'up';
  const server = createServer((near) => {
    if (state === 'down') return void near.destroy();
    sockets.add(near);
    near.on('error', () => {}).on('close', () => sockets.delete(near));
    if (state === 'hanging') return;
    const far = createConnection(Number(target.port), target.hostname);
    sockets.add(far);
    far.on('error', () => {}).on('close', () => (sockets.delete(far), near.destroy()));
    near.on('close', () => far.destroy());
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  const cut = () => sockets.forEach((socket) => socket.destroy());
  return {
    url: url.href,
    down: () => ((state = 'down'), cut()),
    hang() {
      state = 'hanging';
      for (const socket of sockets) socket.unpipe().pause();
    },
    up: () => ((state = 'up'), cut()),
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
