import {
  agentSchema,
  AosError,
  completeAgent,
  failures,
  inspectPlan,
  schemaFault,
  type Agent,
  type AgentDefinition,
  type AgentInput,
  type JsonSchema,
  type Problem,
} from '@aos/core';
import { agentListSchema, agentResourceSchema } from '@aos/sdk';
import { agents } from '@aos/store';

import { agentResource, etagOf } from '../agent-resource.ts';
import { matchedVersion } from '../request-headers.ts';
import { route, type Answer, type Call } from '../route.ts';
import type { Services } from '../services.ts';

const name = { name: { type: 'string' } } as const;
const ifMatch = {
  'If-Match': { type: 'string', description: 'The ETag of the version you read, or *.' },
} as const;

const versionQuery = {
  type: 'object',
  additionalProperties: false,
  properties: { version: { type: 'integer', minimum: 1, maximum: 1_000_000_000 } },
} as const satisfies JsonSchema;

const one = { description: 'The agent, with its ETag.', schema: agentResourceSchema } as const;

export const agentRoutes = [
  route({
    method: 'get',
    path: '/v1/agents',
    access: 'agents:read',
    summary: 'List agents',
    answers: { 200: { description: 'The newest version of each.', schema: agentListSchema } },
    handle: async ({ caller }, { catalogs, database }) => {
      await catalogs.ensureAgents(caller.tenant);
      const items = await database.actingFor([caller.tenant], (tx) => agents.list(tx));
      return { status: 200, json: { items: items.map(agentResource) } };
    },
  }),
  route<unknown, AgentInput>({
    method: 'post',
    path: '/v1/agents',
    access: 'agents:write',
    summary: 'Make an agent',
    body: agentSchema,
    answers: { 201: one },
    fails: ['agent_exists'],
    handle: async ({ body, caller }, services) => {
      const definition = completeAgent(body);
      await refuseBadTemplates(services, definition);
      await services.catalogs.ensureAgents(caller.tenant);
      const agent = await services.database.actingFor([caller.tenant], (tx) =>
        agents.create(tx, caller.tenant, definition),
      );
      if (!agent) throw new AosError('agent_exists', failures.agent_exists.meaning);
      services.catalogs.forgetAgent(caller.tenant, definition.name);
      const made = answer(201, agent);
      return { ...made, headers: { ...made.headers, Location: `/v1/agents/${definition.name}` } };
    },
  }),
  route<{ readonly version?: number }>({
    method: 'get',
    path: '/v1/agents/:name',
    access: 'agents:read',
    summary: 'Read an agent',
    params: name,
    query: versionQuery,
    requestHeaders: { 'If-None-Match': { type: 'string' } },
    answers: { 200: one, 304: { description: 'It is as you know it.' } },
    fails: ['agent_not_found'],
    handle: async ({ params, query, caller, request }, { catalogs, database }) => {
      await catalogs.ensureAgents(caller.tenant);
      const agent = await database.actingFor([caller.tenant], (tx) =>
        agents.get(tx, params['name'] ?? '', query.version),
      );
      const etag = etagOf(agent);
      const known = (request.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim());
      if (known.includes(etag)) return { status: 304, headers: { ETag: etag } };
      return answer(200, agent);
    },
  }),
  route<unknown, AgentInput>({
    method: 'put',
    path: '/v1/agents/:name',
    access: 'agents:write',
    summary: 'Make the next version of an agent',
    description: 'Runs that were accepted before go on with the version they began with.',
    params: name,
    requestHeaders: ifMatch,
    body: agentSchema,
    answers: { 200: one },
    fails: ['agent_not_found', 'version_conflict', 'precondition_required'],
    handle: async (call, services) => {
      const definition = completeAgent(call.body);
      if (definition.name !== call.params['name']) {
        throw invalid([{ pointer: '#/name', detail: 'is another one than in the path' }]);
      }
      await refuseBadTemplates(services, definition);
      const { tenant } = call.caller;
      const agent = await services.database.actingFor([tenant], async (tx) => {
        const before = matched(call, await agents.get(tx, definition.name));
        const next = await agents.update(tx, tenant, definition, before.version);
        if (!next) throw conflict();
        // A new version of a disabled agent enables it.
        if (before.status === 'disabled') await agents.setStatus(tx, definition.name, 'active');
        return next;
      });
      services.catalogs.forgetAgent(tenant, definition.name);
      return answer(200, agent);
    },
  }),
  route({
    method: 'delete',
    path: '/v1/agents/:name',
    access: 'agents:write',
    summary: 'Disable an agent',
    description: 'It takes no new runs. Its versions stay, since runs name them.',
    params: name,
    requestHeaders: ifMatch,
    answers: { 200: one },
    fails: ['agent_not_found', 'version_conflict', 'precondition_required'],
    handle: async (call, { catalogs, database }) => {
      const { tenant } = call.caller;
      await catalogs.ensureAgents(tenant);
      const agent = await database.actingFor([tenant], async (tx) => {
        const before = matched(call, await agents.get(tx, call.params['name'] ?? ''));
        await agents.setStatus(tx, before.definition.name, 'disabled');
        return agents.get(tx, before.definition.name);
      });
      catalogs.forgetAgent(tenant, agent.definition.name);
      return answer(200, agent);
    },
  }),
];

function answer(status: number, agent: Agent): Answer & { headers: Record<string, string> } {
  return { status, headers: { ETag: etagOf(agent) }, json: agentResource(agent) };
}

/** The agent, when it is the version the caller has read. */
function matched({ request }: Call, agent: Agent): Agent {
  const version = matchedVersion(request);
  if (version !== '*' && version !== agent.version) throw conflict();
  return agent;
}

/** Parameters must be a usable schema, and plans must hold for every value of them that fits. */
async function refuseBadTemplates(services: Services, definition: AgentDefinition): Promise<void> {
  const catalog = await services.catalogs.catalog();
  const problems: Problem[] = [];
  for (const [key, { parameters, plan }] of Object.entries(definition.templates)) {
    const at = `#/templates/${key}`;
    const fault = schemaFault(parameters);
    if (fault) problems.push({ pointer: `${at}/parameters`, detail: fault });
    for (const { pointer, detail } of inspectPlan(plan, { catalog, agent: definition })) {
      problems.push({ pointer: `${at}/plan${pointer.slice(1)}`, detail });
    }
  }
  if (problems.length > 0) throw invalid(problems);
}

function invalid(problems: readonly Problem[]): AosError {
  const detail = problems.map((problem) => `${problem.pointer} ${problem.detail}`).join('; ');
  return new AosError('invalid_request', `The agent: ${detail}`, { problems });
}

function conflict(): AosError {
  return new AosError('version_conflict', failures.version_conflict.meaning);
}
