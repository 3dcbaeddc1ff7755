import { AosError, nextMove } from '@aos/core';
import { acceptIn, drive, isPassing, operations, runs, type Acceptance, type Db } from '@aos/store';

import type { Ticket } from './admission.ts';
import { withList } from './operate.ts';
import { rerun } from './rerun.ts';
import type { Services } from './services.ts';

/** Drives operations of all tenants, as every replica does; each one is in one hand at a time. */
export interface OperationDriver {
  /** Resolves when nothing is under way any more. */
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 100;
const LOOK_WHEN_IDLE_MS = 500;
const LOOK_AFTER_ERROR_MS = 1_000;
/** Asking costs this process nothing, so it need not stay away as long as others. */
const REST_MS_MAX = 2_000;

/**
 * Everything an operation has done is committed together with what it says about it, so a replica that
 * dies leaves nothing half-done, and any other goes on at once.
 */
export function startOperationDriver(
  services: Services,
  onError: (error: unknown) => void,
): OperationDriver {
  const stop = new AbortController();
  /** Operations whose last commit was refused for its data: they go on run by run. */
  const careful = new Set<string>();

  /** Operations that were told to come back, and when. */
  const resting = new Map<string, number>();
  const failed = (id: string, error: unknown): void => {
    if (isRefusal(error)) {
      resting.set(id, performance.now() + Math.min(error.retryAfterMs ?? 0, REST_MS_MAX));
    } else onError(error);
  };

  const look = async (): Promise<number> => {
    const found = await drive.running(services.database);
    for (const { tenant, id } of found) {
      if (performance.now() < (resting.get(id) ?? 0)) continue;
      resting.delete(id);
      let moved = true;
      while (moved && !stop.signal.aborted) {
        moved = await step(services, tenant, id, careful).catch((error: unknown) => {
          failed(id, error);
          return false;
        });
      }
    }
    return found.length > 0 ? LOOK_EVERY_MS : LOOK_WHEN_IDLE_MS;
  };
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const waitMs = await look().catch((error: unknown) => {
        onError(error);
        return LOOK_AFTER_ERROR_MS;
      });
      await pause(waitMs, stop.signal);
    }
  };
  const looping = loop();
  return {
    close() {
      stop.abort();
      return looping;
    },
  };
}

/** One move of one operation in one commit. False: there is nothing to do about it now. */
async function step(
  services: Services,
  tenant: string,
  id: string,
  careful: Set<string>,
): Promise<boolean> {
  let tried: readonly drive.DueItem[] = [];
  const tickets: Ticket[] = [];
  try {
    const moved = await services.database.actingFor([tenant], async (tx) => {
      const held = await drive.hold(tx, id);
      if (!held) return false;
      const move = nextMove(held.facts, held.now, careful.has(id) ? 1 : undefined);
      const { stage } = held.facts;
      switch (move.do) {
        case 'wait':
          return false;
        case 'finish':
          return operations.end(tx, id, { state: 'done' });
        case 'stop':
          services.log.warn('operation.stopped', { tenant, operationId: id, why: move.why });
          return operations.end(tx, id, { state: 'stopped', reason: move.why });
        case 'next stage':
          await drive.moveOn(tx, id, { stage: stage + 1, nextAt: held.now });
          return true;
        case 'start':
          tried = await drive.nextItems(tx, id, move.count);
          await drive.settleItems(
            tx,
            id,
            stage,
            await start(services, tx, held, { tenant, due: tried, tickets }),
          );
          await drive.moveOn(tx, id, { stage, nextAt: move.nextAt });
          return true;
      }
    });
    for (const ticket of tickets) ticket.arrived();
    return moved;
  } catch (error) {
    if (isPassing(error) || isTransient(error) || tried.length === 0) throw error;
    if (tried.length > 1) careful.add(id);
    else await refuse(services, tenant, id, tried, error);
    return true;
  } finally {
    for (const ticket of tickets) ticket[Symbol.dispose]();
  }
}

interface Turn {
  readonly tenant: string;
  readonly due: readonly drive.DueItem[];
  /** Of the runs that are let in; a bulk of them passes no limit that a single one would not. */
  readonly tickets: Ticket[];
}

async function start(
  services: Services,
  tx: Db,
  held: drive.HeldOperation,
  { tenant, due, tickets }: Turn,
): Promise<drive.ItemResult[]> {
  const results: drive.ItemResult[] = [];
  const accepted: Acceptance[] = [];
  for (const item of due) {
    const { nth } = item;
    if (item.refuse !== undefined) results.push({ nth, state: 'refused', detail: item.refuse });
    else if (item.skip !== undefined) results.push({ nth, state: 'skipped', detail: item.skip });
    else if (held.kind === 'cancel') results.push(await cancel(services, tx, held, item));
    else {
      const made = await makeRun(services, tenant, held, item);
      if ('state' in made) results.push(made);
      else {
        try {
          tickets.push(services.admission.enter(tenant, made.priority));
        } catch (error) {
          // What was let in is done; the rest waits for its turn.
          if (results.length > 0 && isRefusal(error)) break;
          throw error;
        }
        accepted.push(made);
        results.push({ nth, state: 'started', newRunId: made.runId });
      }
    }
  }
  if (accepted.length > 0) await acceptIn(tx, services.queue, accepted, services.admission.placeOf);
  return results;
}

async function cancel(
  { queue }: Services,
  tx: Db,
  { by }: drive.HeldOperation,
  { nth, runId }: drive.DueItem,
): Promise<drive.ItemResult> {
  const asked = await runs.cancel(tx, queue, runId, by);
  return asked === 'asked'
    ? { nth, state: 'started' }
    : { nth, state: 'skipped', detail: 'It had finished before.' };
}

async function makeRun(
  services: Services,
  tenant: string,
  { id, request, reason, by }: drive.HeldOperation,
  { nth, runId }: drive.DueItem,
): Promise<Acceptance | drive.ItemResult> {
  const caller = { keyId: '', tenant, name: by, scopes: [] };
  const body = withList({ ...request, mode: request.mode ?? 'retry', reason });
  try {
    const { acceptance } = await rerun(services, caller, runId, body, { operationId: id });
    return acceptance;
  } catch (error) {
    if (!(error instanceof AosError) || isTransient(error) || error.code === 'internal')
      throw error;
    return { nth, state: 'refused', detail: `${error.code}: ${error.message}` };
  }
}

/** It says nothing about the run: it is tried again. */
function isTransient(error: unknown): boolean {
  const codes = ['database_unavailable', 'not_ready'];
  return isRefusal(error) || (error instanceof AosError && codes.includes(error.code));
}

/** Too many runs are queued as it is. */
function isRefusal(error: unknown): error is AosError {
  return error instanceof AosError && ['overloaded', 'tenant_queue_full'].includes(error.code);
}

async function refuse(
  services: Services,
  tenant: string,
  id: string,
  items: readonly drive.DueItem[],
  error: unknown,
): Promise<void> {
  services.log.error('operation.item_failed', { tenant, operationId: id, error: String(error) });
  await services.database.actingFor([tenant], async (tx) => {
    const held = await drive.hold(tx, id);
    if (!held) return;
    const results = items.map(
      ({ nth }) =>
        ({ nth, state: 'refused', detail: 'internal: It could not be stored.' }) as const,
    );
    await drive.settleItems(tx, id, held.facts.stage, results);
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
