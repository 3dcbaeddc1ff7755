import type { ScaleFacts } from '@aos/core';

import type { Db } from './db.ts';

/** What the installation as a whole is doing now. */
export interface Gauges {
  readonly runsQueued: number;
  readonly runsRunning: number;
  readonly runsWaiting: number;
  readonly queueAgeSeconds: number;
  readonly approvalsOpen: number;
  readonly workersLive: number;
  readonly workerSlots: number;
  readonly deadLetters: { readonly open: number; readonly redriving: number };
  readonly casesOpen: number;
  readonly operationsRunning: number;
}

export async function read(db: Db): Promise<Gauges> {
  const rows = await db.query<Record<string, string | number>>(
    `select runs_queued, runs_running, runs_waiting, queue_age_seconds, approvals_open,
            workers_live, worker_slots, letters_open, letters_redriving, cases_open, operations_running
       from aos.gauges(), aos.repair_gauges()`,
  );
  const row = rows[0] ?? {};
  const number = (name: string) => Number(row[name] ?? 0);
  return {
    runsQueued: number('runs_queued'),
    runsRunning: number('runs_running'),
    runsWaiting: number('runs_waiting'),
    queueAgeSeconds: number('queue_age_seconds'),
    approvalsOpen: number('approvals_open'),
    workersLive: number('workers_live'),
    workerSlots: number('worker_slots'),
    deadLetters: { open: number('letters_open'), redriving: number('letters_redriving') },
    casesOpen: number('cases_open'),
    operationsRunning: number('operations_running'),
  };
}

/** What says how many workers are needed, of all tenants together. */
export async function scaleFacts(db: Db): Promise<Omit<ScaleFacts, 'drainPerS'>> {
  const [row] = await db.query<Record<string, string | number>>(
    `select ready, running, queue_age_seconds, workers_live, slots_live from aos.scale_facts()`,
  );
  const number = (name: string) => Number(row?.[name] ?? 0);
  return {
    ready: number('ready'),
    running: number('running'),
    queueAgeMs: Math.max(0, Math.round(number('queue_age_seconds') * 1000)),
    workers: number('workers_live'),
    slots: number('slots_live'),
  };
}
