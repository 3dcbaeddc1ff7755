import { AosError, failures, makeReport, uuidOf, type JsonSchema, type RunFacts } from '@aos/core';
import {
  planResourceSchema,
  reportSchema,
  stepListSchema,
  whySchema,
  type PlanResource,
} from '@aos/sdk';
import {
  approvals,
  artifacts,
  backlog,
  events,
  gauges,
  parked,
  pauses,
  plans,
  runs,
  steps,
  workers,
  type Database,
  type Db,
} from '@aos/store';

import type { Caller } from '../caller.ts';
import type { Standing } from '../queue-accounts.ts';
import { route } from '../route.ts';
import { stepResources } from '../step-resource.ts';
import { reasonsOf, type WhyFacts } from '../why.ts';
import { runIdParam } from './runs.ts';

/** More than any run may write: 200 steps of 1,000 items would reach it, and be told in part. */
const EVENTS_MAX = 100_000;
const APPROVALS_MAX = 100;

const version = {
  type: 'object',
  additionalProperties: false,
  properties: { version: { type: 'integer', minimum: 1, maximum: 1_000_000 } },
} as const satisfies JsonSchema;

export const runPartRoutes = [
  route<{ readonly version?: number }>({
    method: 'get',
    path: '/v1/runs/:id/plan',
    access: 'runs:read',
    summary: 'Read the plan of a run',
    params: runIdParam,
    query: version,
    answers: {
      200: { description: 'The newest plan, or the version named.', schema: planResourceSchema },
    },
    fails: ['run_not_found', 'plan_not_found'],
    handle: async ({ params, query, caller }, { database }) => {
      const id = params['id'] ?? '';
      const stored = await database.actingFor([caller.tenant], async (tx) => {
        await runs.get(tx, id);
        return plans.find(tx, id, query.version);
      });
      if (!stored) throw new AosError('plan_not_found', failures.plan_not_found.meaning);
      const { createdAt, ...plan } = stored;
      const json: PlanResource = { runId: id, ...plan, createdAt: createdAt.toISOString() };
      return { status: 200, json };
    },
  }),
  route({
    method: 'get',
    path: '/v1/runs/:id/steps',
    access: 'runs:read',
    summary: 'Read the steps of a run, with what they were given and gave',
    params: runIdParam,
    answers: { 200: { description: 'All steps, those to come included.', schema: stepListSchema } },
    fails: ['run_not_found'],
    handle: async ({ params, caller }, { database }) => {
      const id = params['id'] ?? '';
      const items = await database.actingFor([caller.tenant], async (tx) => {
        const { goal } = await runs.get(tx, id);
        const plan = await plans.find(tx, id);
        return stepResources(goal, plan?.plan, await steps.list(tx, id));
      });
      return { status: 200, json: { items } };
    },
  }),
  route({
    method: 'get',
    path: '/v1/runs/:id/report',
    access: 'runs:read',
    summary: 'Read the report of a run',
    description:
      'Derived from stored facts whenever it is read; of an unfinished run it is partial.',
    params: runIdParam,
    answers: { 200: { description: 'The report.', schema: reportSchema } },
    fails: ['run_not_found'],
    handle: async ({ params, caller }, { database }) => ({
      status: 200,
      json: makeReport(await factsOf(database, caller, params['id'] ?? '')),
    }),
  }),
  route({
    method: 'get',
    path: '/v1/runs/:id/why',
    access: 'runs:read',
    summary: 'Ask why a run is where it is',
    params: runIdParam,
    answers: { 200: { description: 'The reasons, the most telling first.', schema: whySchema } },
    fails: ['run_not_found'],
    handle: async ({ params, caller }, { database, admission }) => {
      const id = params['id'] ?? '';
      const standing = admission.standingOf(caller.tenant);
      const facts = await database.actingFor([caller.tenant], (tx) => whyFacts(tx, id, standing));
      const { status } = facts.view.run.state;
      return { status: 200, json: { runId: id, status, reasons: reasonsOf(facts) } };
    },
  }),
];

/** Everything a report is made from. */
export function factsOf(database: Database, caller: Caller, id: string): Promise<RunFacts> {
  return database.actingFor([caller.tenant], async (tx) => {
    const { run, goal } = await runs.get(tx, id);
    const plan = await plans.find(tx, id);
    return {
      run,
      goal,
      ...(plan && { plan }),
      steps: await steps.list(tx, id),
      events: await events.list(tx, id, -1, EVENTS_MAX),
      artifacts: await artifacts.list(tx, id),
    };
  });
}

async function whyFacts(tx: Db, id: string, standing: Standing): Promise<WhyFacts> {
  const view = await runs.get(tx, id);
  const { run } = view;
  const open = await approvals.list(
    tx,
    run.tenant,
    { status: 'open', runId: id },
    { limit: APPROVALS_MAX },
  );
  const holder = await runs.holder(tx, id);
  const jobsAhead = await backlog.countAhead(tx, uuidOf('run', id) ?? '');
  const records = await steps.list(tx, id);
  const isParked = records.some((step) => step.status === 'waiting' && step.wait.for === 'target');
  return {
    view,
    steps: records,
    targets: isParked ? await parked.listOf(tx) : [],
    openApprovals: open.items,
    runsAhead: await runs.countAhead(tx, run),
    ...(jobsAhead !== undefined && { jobsAhead }),
    standing,
    pauses: await pauses.inForce(tx),
    gates: await workers.gates(tx),
    gauges: await gauges.read(tx),
    ...(holder && { holder }),
    planned: view.progress.total > 0,
    now: new Date(),
  };
}
