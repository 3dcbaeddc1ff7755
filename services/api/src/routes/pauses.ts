import { AosError, failures, TENANT_NAME, type Pause, type PauseScope } from '@aos/core';
import {
  pauseListSchema,
  pauseRequestSchema,
  pauseSchema,
  resumedSchema,
  resumeRequestSchema,
  shareSchema,
  type PauseRequest,
  type PauseResource,
  type ResumeRequest,
  type ShareResource,
} from '@aos/sdk';
import { pauses, tenants } from '@aos/store';

import type { Caller } from '../caller.ts';
import { refused } from '../new-run.ts';
import { route } from '../route.ts';
import type { Services } from '../services.ts';

/** Its administrators operate the installation: what they do may hold for all tenants. */
const OPERATOR_TENANT = 'default';

export const pauseRoutes = [
  route<unknown, PauseRequest>({
    method: 'post',
    path: '/admin/pause',
    access: 'admin',
    summary: 'Pause everything, a tenant, an agent or a skill',
    description:
      'Runs rest from their next step boundary on, without using up an attempt; a paused skill holds only the steps that need it. New runs are taken, and queue. Asking again changes nothing.',
    body: pauseRequestSchema,
    answers: { 200: { description: 'The pause in force.', schema: pauseSchema } },
    handle: async ({ body, caller, traceId }, services) => {
      const { database, log } = services;
      const pause = pauseOf(body, caller);
      await refuseUnknown(pause, services);
      const made = await tenants.acting(database, pause.tenant, (tx) =>
        pauses.pause(tx, pause, { by: caller.name, reason: body.reason }),
      );
      log.warn('pause.made', { ...pause, by: caller.name, reason: body.reason, traceId });
      return { status: 200, json: pauseResource(made) };
    },
  }),
  route<unknown, ResumeRequest>({
    method: 'post',
    path: '/admin/resume',
    access: 'admin',
    summary: 'End a pause',
    description: 'What rested goes on, at a bounded rate. Asking again changes nothing.',
    body: resumeRequestSchema,
    answers: { 200: { description: 'Whether something was paused.', schema: resumedSchema } },
    handle: async ({ body, caller, traceId }, { database, log }) => {
      const pause = pauseOf(body, caller);
      const resumed = await tenants.acting(database, pause.tenant, (tx) =>
        pauses.resume(tx, pause, caller.name),
      );
      log.warn('pause.ended', { ...pause, by: caller.name, reason: body.reason, resumed, traceId });
      return { status: 200, json: { resumed } };
    },
  }),
  route({
    method: 'get',
    path: '/admin/pauses',
    access: 'admin',
    summary: 'List the pauses in force',
    answers: { 200: { description: 'Those that concern you.', schema: pauseListSchema } },
    handle: async ({ caller }, { database }) => {
      const all = await database.actingFor([caller.tenant], pauses.inForce);
      return { status: 200, json: { items: all.map(pauseResource) } };
    },
  }),
  route<unknown, ShareResource>({
    method: 'post',
    path: '/admin/shares',
    access: 'admin',
    summary: 'Set how much of the workers a tenant gets while several have runs queued',
    body: shareSchema,
    answers: { 200: { description: 'The share as it is now.', schema: shareSchema } },
    handle: async ({ body, caller }, { database }) => {
      refuseStranger(caller, 'sets shares');
      if (!(await tenants.setShareWeight(database, body.tenant, body.weight))) {
        throw refused('#/tenant', 'names no tenant');
      }
      return { status: 200, json: body };
    },
  }),
];

/** What is meant, and whose it is. Only the operator may reach beyond its own tenant. */
function pauseOf({ scope, name }: ResumeRequest, caller: Caller): pauses.PauseOf {
  const { tenant } = caller;
  const operator = tenant === OPERATOR_TENANT;
  switch (scope) {
    case 'everything':
      if (name !== undefined) throw refused('#/name', 'goes with an agent, a skill or a tenant');
      refuseStranger(caller, 'pauses and resumes everything; pause your tenant instead');
      return { tenant, scope, name: '', allTenants: true };
    case 'tenant':
      if (name !== undefined && name !== tenant) {
        refuseStranger(caller, 'pauses and resumes other tenants');
        if (!TENANT_NAME.test(name)) throw refused('#/name', 'names no tenant');
      }
      return { tenant: name ?? tenant, scope, name: name ?? tenant, allTenants: false };
    case 'agent':
    case 'skill':
      if (name === undefined) throw refused('#/name', `is needed: it names the ${scope}`);
      return { tenant, scope, name, allTenants: scope === 'skill' && operator };
  }
}

/** A switch that turns nothing off would be taken for one that does. */
async function refuseUnknown(pause: pauses.PauseOf, services: Services): Promise<void> {
  const { tenant, scope, name } = pause;
  if (scope !== 'everything' && !(await isKnown(scope, tenant, name, services))) {
    throw refused('#/name', `names no ${scope}`);
  }
}

async function isKnown(
  scope: Exclude<PauseScope, 'everything'>,
  tenant: string,
  name: string,
  { catalogs, database }: Services,
): Promise<boolean> {
  switch (scope) {
    case 'tenant':
      return database.actingFor([name], (tx) => tenants.exists(tx, name));
    case 'agent':
      return (await catalogs.agent(tenant, name)) !== undefined;
    case 'skill':
      return (await catalogs.skills()).some(({ manifest }) => manifest.name === name);
  }
}

function refuseStranger({ tenant }: Caller, does: string): void {
  if (tenant === OPERATOR_TENANT) return;
  throw new AosError(
    'forbidden',
    `${failures.forbidden.meaning} Only an admin key of the tenant ${OPERATOR_TENANT} ${does}.`,
  );
}

function pauseResource(pause: Pause): PauseResource {
  return {
    scope: pause.scope,
    name: pause.name || null,
    tenant: pause.tenant,
    allTenants: pause.allTenants,
    reason: pause.reason,
    by: pause.by,
    since: pause.since.toISOString(),
  };
}
