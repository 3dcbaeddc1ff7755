import type { Renewal } from '@aos/engine';
import { workers } from '@aos/store';

import { giveBack } from './memory-claims.ts';
import { hasWaitingJob, resend } from './memory-queue.ts';
import type { Tables, WorkerRow } from './tables.ts';

const FORGOTTEN_AFTER_MS = 30_000;

/** Leases of workers; each function is one transaction. */
export function register(tables: Tables, uuid: string): Date {
  const leaseUntil = tables.now() + workers.LEASE_MS;
  tables.workers.set(uuid, { uuid, state: 'live', leaseUntil, locked: true });
  return new Date(tables.now());
}

export function renew(tables: Tables, uuid: string): Renewal {
  const now = tables.now();
  const row = tables.workers.get(uuid);
  if (!row || !isUp(row) || row.leaseUntil <= now) return { held: false, cancelling: [] };
  row.leaseUntil = now + workers.LEASE_MS;
  const cancelling = [...tables.runs.values()].flatMap((run) =>
    run.workerUuid === uuid && run.cancelledBy !== undefined
      ? [{ uuid: run.uuid, by: run.cancelledBy }]
      : [],
  );
  return { held: true, cancelling, at: new Date(now) };
}

export function stopping(tables: Tables, uuid: string): void {
  const row = tables.workers.get(uuid);
  if (row?.state === 'live') row.state = 'stopping';
}

export function stopped(tables: Tables, uuid: string): void {
  const row = tables.workers.get(uuid);
  if (row && isUp(row)) row.state = 'stopped';
}

export function suspects(tables: Tables, self: string): string[] {
  return [...tables.workers.values()]
    .filter((row) => row.uuid !== self && isUp(row) && seemsDead(tables, row))
    .map(({ uuid }) => uuid);
}

export function rescue(tables: Tables, dead: readonly string[]): string[] {
  const declared = new Set<string>();
  for (const uuid of dead) {
    const row = tables.workers.get(uuid);
    if (!row || !isUp(row) || !seemsDead(tables, row)) continue;
    row.state = 'lost';
    declared.add(uuid);
  }
  const runs = [...tables.runs.values()].filter(
    ({ workerUuid }) => workerUuid !== undefined && declared.has(workerUuid),
  );
  for (const run of runs) {
    giveBack(run);
    resend(tables, run);
  }
  return runs.map(({ uuid }) => uuid);
}

export function dispatchForgotten(tables: Tables): number {
  const since = tables.now() - FORGOTTEN_AFTER_MS;
  let sent = 0;
  for (const run of tables.runs.values()) {
    const forgotten =
      (run.status === 'queued' && Math.max(run.createdAt, run.startAt ?? 0) < since) ||
      (run.status === 'waiting' && run.wakeAt !== undefined && run.wakeAt < since);
    const holder = run.workerUuid ? tables.workers.get(run.workerUuid) : undefined;
    const orphan = run.status === 'running' && !(holder && isUp(holder));
    if (orphan) giveBack(run);
    if (!orphan && (!forgotten || hasWaitingJob(tables, run.uuid))) continue;
    resend(tables, run);
    sent++;
  }
  return sent;
}

function isUp({ state }: WorkerRow): boolean {
  return state === 'live' || state === 'stopping';
}

function seemsDead(tables: Tables, { leaseUntil, locked }: WorkerRow): boolean {
  return leaseUntil < tables.now() || !locked;
}
