import { AosError, failures } from '@aos/core';
import {
  targetListSchema,
  targetParkSchema,
  targetReleaseSchema,
  targetSchema,
  type TargetParkRequest,
  type TargetReleaseRequest,
} from '@aos/sdk';
import { parked, targets, tenants } from '@aos/store';

import { route, type Answer } from '../route.ts';
import { targetResource } from '../target-resource.ts';

export const targetRoutes = [
  route({
    method: 'get',
    path: '/v1/targets',
    access: 'runs:read',
    summary: 'List what steps reach and is out, with how many wait for it',
    answers: { 200: { description: 'The longest out first.', schema: targetListSchema } },
    handle: async ({ caller }, { database }) => {
      const items = await database.actingFor([caller.tenant], (tx) => parked.listOf(tx));
      return { status: 200, json: { items: items.map(targetResource) } };
    },
  }),
  route<unknown, TargetParkRequest>({
    method: 'post',
    path: '/admin/targets/park',
    access: 'admin',
    summary: 'Let nobody call a target',
    description:
      'Steps that need it wait, without using an attempt, until it is released or the time given.',
    body: targetParkSchema,
    answers: { 200: { description: 'The target.', schema: targetSchema } },
    handle: async ({ body, caller, traceId }, { database, log }) => {
      const { target, reason } = body;
      const until = body.until === undefined ? undefined : new Date(body.until);
      const id = { tenant: caller.tenant, target };
      const order = { by: caller.name, reason, ...(until && { until }) };
      const view = await tenants.acting(database, caller.tenant, async (tx) => {
        await targets.park(tx, id, order);
        return (await parked.listOf(tx, target))[0];
      });
      log.warn('target.parked', { ...id, ...order, until: body.until, traceId });
      return told(view);
    },
  }),
  route<unknown, TargetReleaseRequest>({
    method: 'post',
    path: '/admin/targets/release',
    access: 'admin',
    summary: 'Let those go on who wait for a target',
    description: 'A few at first, then more and more; the target may have been parked or out.',
    body: targetReleaseSchema,
    answers: { 200: { description: 'The target.', schema: targetSchema } },
    fails: ['outage_not_found'],
    handle: async ({ body: { target, reason }, caller, traceId }, { database, log }) => {
      const id = { tenant: caller.tenant, target };
      const view = await tenants.acting(database, caller.tenant, async (tx) => {
        const released = await targets.release(tx, id);
        return released && (await parked.listOf(tx, target))[0];
      });
      log.warn('target.released', { ...id, by: caller.name, reason, traceId });
      return told(view);
    },
  }),
];

function told(view: parked.TargetView | undefined): Answer {
  if (!view) throw new AosError('outage_not_found', failures.outage_not_found.meaning);
  return { status: 200, json: targetResource(view) };
}
