import { AosError } from '@aos/core';
import { prioritySchema, runSchema, type PriorityRequest } from '@aos/sdk';
import { runPause, runs, tenants, type Db } from '@aos/store';

import { route, type Call } from '../route.ts';
import { runResource } from '../run-resource.ts';
import type { Services } from '../services.ts';
import { runIdParam } from './runs.ts';

export const runPauseRoutes = [
  route({
    method: 'post',
    path: '/v1/runs/:id/pause',
    access: 'runs:write',
    summary: 'Pause a run',
    description:
      'It rests from its next step boundary on; cancelling, decisions and deadlines work all the same. Asking again changes nothing.',
    params: runIdParam,
    answers: { 200: { description: 'The run; it rests soon, or already.', schema: runSchema } },
    fails: ['run_not_found', 'run_finished'],
    handle: (call, services) =>
      change(call, services, (tx, id) => runPause.pause(tx, services.queue, id, call.caller.name)),
  }),
  route({
    method: 'post',
    path: '/v1/runs/:id/resume',
    access: 'runs:write',
    summary: 'Let a paused run go on',
    description:
      'A pause of its agent, its tenant, a skill or everything is ended by /admin/resume. Asking again changes nothing.',
    params: runIdParam,
    answers: { 200: { description: 'The run.', schema: runSchema } },
    fails: ['run_not_found', 'run_finished'],
    handle: (call, services) =>
      change(call, services, (tx, id) =>
        runPause.resume(tx, services.queue, id, services.admission.placeOf),
      ),
  }),
  route<unknown, PriorityRequest>({
    method: 'post',
    path: '/v1/runs/:id/priority',
    access: 'runs:write',
    summary: 'Give a run another priority',
    description: 'A queued run moves; one that is under way takes it along to its next wait.',
    params: runIdParam,
    body: prioritySchema,
    answers: { 200: { description: 'The run.', schema: runSchema } },
    fails: ['run_not_found', 'run_finished'],
    handle: (call, services) =>
      change(call, services, (tx, id) => runPause.setPriority(tx, id, call.body.priority)),
  }),
];

async function change(
  { params, caller }: Call,
  { database }: Services,
  make: (tx: Db, id: string) => Promise<string>,
) {
  const id = params['id'] ?? '';
  const run = await tenants.acting(database, caller.tenant, async (tx) => {
    if ((await make(tx, id)) === 'finished') {
      throw new AosError('run_finished', 'The run has finished already.');
    }
    return runs.get(tx, id);
  });
  return { status: 200, json: runResource(run) };
}
