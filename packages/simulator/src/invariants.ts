import { hashJson, needsIntent, type Json, type RunEvent } from '@aos/core';

import { nameOf, outputOf, type EffectRecord } from './effects.ts';
import type { EventRow, RunRow } from './tables.ts';
import { EPOCH_START } from './virtual-time.ts';
import type { World } from './world.ts';

/** A cancellation is heard at the next renewal, or the lease is lost and another worker hears it. */
const CANCEL_HEARD_MS = 7_500;
const END_AFTER_MS = 45_000;
/** The clock of a worker follows that of the database as closely as an answer travels. */
const CLOCK_ERROR_MS = 300;
const RECOVERY_MAX_MS: Readonly<Record<string, number>> = {
  // A look, a rescue and a claim over slow lines, and the notice between them lost.
  kill: 2_800,
  vanish: 7_500,
  pause: 7_500,
  partition: 7_500,
};

/** What must hold of every history; the numbers are those of the durability page. */
export function checkInvariants(world: World): void {
  for (const run of world.tables.runs.values()) {
    checkEnd(world, run);
    checkEvents(world, run);
    checkSteps(world, run);
    checkReleases(world, run);
    checkCancel(world, run);
    checkTimes(world, run);
  }
  checkRequests(world);
  checkDecisions(world);
  checkEffects(world);
  checkRecovery(world);
}

type Say = (what: string) => void;

function sayOf({ violations }: World, { uuid }: RunRow, invariant: string): Say {
  return (what) => violations.push(`${invariant} ${uuid}: ${what}`);
}

/** I3: one end, the last of its events. */
function checkEnd(world: World, run: RunRow): void {
  const say = sayOf(world, run, 'I3');
  const ends = run.events.filter(({ event }) => event.type === 'run.finished');
  if (ends.length > 1) say(`${ends.length} ends`);
  if (run.failureCode === 'internal') say('it failed by a mistake of ours');
  if (run.status !== 'finished') return;
  const last = run.events.at(-1)?.event;
  if (last?.type !== 'run.finished') say(`finished, and its last fact is ${last?.type}`);
  else if (last.outcome !== run.outcome) say(`${run.outcome}, and its last fact ${last.outcome}`);
  for (const { key, status } of run.steps.values()) {
    if (status === 'started' || status === 'waiting') say(`finished with ${key} ${status}`);
  }
}

/** I5, I9: places without a gap, epochs that never fall, one owner an epoch. */
function checkEvents(world: World, run: RunRow): void {
  const say = sayOf(world, run, 'I9');
  let epoch = 0;
  const owners = new Map<number, string>();
  for (const [place, row] of run.events.entries()) {
    if (row.seq !== place) say(`place ${place} has ${row.seq}`);
    if (row.epoch < epoch || row.epoch > run.epoch) say(`epoch ${row.epoch} at ${place}`);
    epoch = Math.max(epoch, row.epoch);
    if (row.event.type !== 'run.started') continue;
    const owner = owners.get(row.epoch);
    if (owner) say(`epoch ${row.epoch} has two owners, ${owner} and ${row.event.workerId}`);
    owners.set(row.epoch, row.event.workerId);
  }
}

/** I4, I8, I9: a completed step stays so; what cannot be repeated is not; rows are what events tell. */
function checkSteps(world: World, run: RunRow): void {
  const say = sayOf(world, run, 'I4');
  const done = new Set<string>();
  const last = new Map<string, RunEvent['type']>();
  for (const { event } of run.events) {
    if (!('step' in event)) continue;
    if (event.type.startsWith('step.')) {
      if (done.has(event.step)) say(`${event.step}: ${event.type} after it was completed`);
      if (event.type === 'step.completed') done.add(event.step);
      last.set(event.step, event.type);
    }
  }
  for (const step of run.steps.values()) {
    const told = last.get(step.key);
    if ((step.status === 'completed') !== (told === 'step.completed' || told === 'step.joined')) {
      say(`${step.key} is ${step.status}, and its last fact ${told}`);
    }
    if (step.status !== 'completed') continue;
    const planned = run.plan?.plan.steps.find(({ key }) => key === step.key);
    if (planned?.forEach) continue;
    const effects = world.effects.filter((one) => one.uuid === run.uuid && one.step === step.key);
    const outputs = effects.map(({ input }) =>
      JSON.stringify(outputOf({ skill: step.skill, stepKey: step.key, input: input as never })),
    );
    if (!outputs.includes(JSON.stringify(step.output))) say(`${step.key}: an output from nowhere`);
  }
}

/** What a worker gave back in order has used up no attempt. */
function checkReleases(world: World, run: RunRow): void {
  const begun = new Map<string, number>();
  const expected = new Map<string, number>();
  for (const { event } of run.events) {
    if (event.type === 'step.started') {
      const attempt = expected.get(event.step) ?? event.attempt;
      if (event.attempt !== attempt) {
        sayOf(world, run, 'F6')(`${event.step}: a release used up attempt ${attempt}`);
      }
      expected.delete(event.step);
      if (event.effect === 'keyed') begun.set(event.step, event.attempt);
    } else if ('step' in event) {
      begun.delete(event.step);
      expected.delete(event.step);
    } else if (event.type === 'run.released') {
      for (const [step, attempt] of begun) expected.set(step, attempt);
    } else if (event.type === 'run.started') {
      begun.clear();
    }
  }
}

/** I17: nothing begins once the wish is heard, and the end is near. */
function checkCancel(world: World, run: RunRow): void {
  const { cancelledAt, finishedAt } = run;
  if (cancelledAt === undefined) return;
  const say = sayOf(world, run, 'I17');
  for (const record of world.effects) {
    if (record.uuid !== run.uuid) continue;
    const lateMs = EPOCH_START + record.at - cancelledAt;
    if (lateMs > CANCEL_HEARD_MS) say(`${nameOf(record)} began ${lateMs} ms after the wish`);
  }
  const due = Math.max(cancelledAt, stormEnd(world)) + END_AFTER_MS;
  if (finishedAt !== undefined && finishedAt > due) say('it ended too late');
}

/** I18 and skew: deadlines and retries keep to the clock of the database. */
function checkTimes(world: World, run: RunRow): void {
  const { deadlineAt, finishedAt } = run;
  const say = sayOf(world, run, 'I18');
  const end = run.events.at(-1) as EventRow;
  if (deadlineAt !== undefined && finishedAt !== undefined) {
    const due = Math.max(deadlineAt, stormEnd(world)) + END_AFTER_MS;
    if (finishedAt > due) say(`it ended ${finishedAt - deadlineAt} ms after its deadline`);
    const timedOut = run.failureCode === 'run_timed_out';
    if (timedOut && end.at < deadlineAt - CLOCK_ERROR_MS) say('it timed out before its deadline');
  }
  const retryAt = new Map<string, number>();
  for (const { event, at } of run.events) {
    if (event.type === 'step.failed' && event.retryAt?.endsWith('Z')) {
      retryAt.set(event.step, Date.parse(event.retryAt));
      const waitMs = Date.parse(event.retryAt) - at;
      if (waitMs > 10_000) say(`${event.step} is to wait for ${waitMs} ms`);
    }
    if (event.type !== 'step.started') continue;
    const due = retryAt.get(event.step) ?? 0;
    if (at < due - CLOCK_ERROR_MS) say(`${event.step} began ${due - at} ms before its retry`);
  }
}

/** I1, I2: what was accepted is there, once a key. */
function checkRequests({ tables, told, violations }: World): void {
  const byKey = new Map<string, string>();
  for (const { key, uuid } of told.accepted) {
    if (!tables.runs.has(uuid)) violations.push(`I1 ${uuid}: accepted, and not there`);
    if (key === undefined) continue;
    const other = byKey.get(key);
    if (other && other !== uuid) violations.push(`I2 ${key}: two runs, ${other} and ${uuid}`);
    byKey.set(key, uuid);
  }
}

/** I15: one decision, which everybody is told, and which the run's events tell. */
function checkDecisions({ tables, told, violations }: World): void {
  const firsts = new Set<string>();
  for (const { approvalId, first, decision } of told.decided) {
    if (first && firsts.has(approvalId)) violations.push(`I15 ${approvalId}: two were first`);
    if (first) firsts.add(approvalId);
    const kept = tables.approvals.get(approvalId)?.decision;
    if (kept !== decision) violations.push(`I15 ${approvalId}: told ${decision}, kept ${kept}`);
  }
  for (const { events, uuid } of tables.runs.values()) {
    for (const { event } of events) {
      if (event.type !== 'approval.decided') continue;
      if (tables.approvals.get(event.approvalId)?.decision !== event.decision) {
        violations.push(`I15 ${uuid}: ${event.approvalId} was decided otherwise`);
      }
    }
  }
}

/** I7, I8, I15: one key a step, one effect a key; no second try of the unrepeatable without leave. */
function checkEffects(world: World): void {
  const { effects, tables, violations } = world;
  const byStep = new Map<string, EffectRecord[]>();
  const stepOf = new Map<string, string>();
  for (const record of effects) {
    if (!needsIntent(record.effect)) continue;
    const name = `${record.uuid} ${record.step}`;
    byStep.set(name, [...(byStep.get(name) ?? []), record]);
    const owner = stepOf.get(record.key);
    if (record.key === '') violations.push(`I7 ${nameOf(record)}: no key`);
    else if (owner && owner !== name) violations.push(`I7 ${name}: has the key of ${owner}`);
    stepOf.set(record.key, name);
  }
  for (const [name, records] of byStep) {
    const [first] = records as [EffectRecord];
    const leave = leaveOf(world, first);
    if (first.effect === 'keyed') {
      const applied = records.filter((one) => one.applied).length;
      if (applied > 1) violations.push(`I7 ${name}: applied ${applied} times`);
    } else {
      const again = records.slice(1).filter((_, at) => records[at]?.outcome !== 'failed').length;
      if (again > leave.reviews) {
        violations.push(`I8 ${name}: ${again} times again in doubt, ${leave.reviews} with leave`);
      }
    }
    const planned = tables.runs.get(first.uuid)?.plan?.plan.steps;
    const step = planned?.find(({ key }) => key === first.step.split('[')[0]);
    for (const { at } of records) {
      if (EPOCH_START + at > leave.rejectedAt) {
        violations.push(`I15 ${name}: begun after it was rejected`);
      }
    }
    if (!step?.approval) continue;
    for (const { input } of records) {
      if (!leave.hashes.has(hashJson(input as Json))) {
        violations.push(`I15 ${name}: begun without leave for its input`);
      }
    }
  }
}

/** What people allowed of a step. */
function leaveOf({ tables }: World, { uuid, step }: EffectRecord) {
  const hashes = new Set<string>();
  let reviews = 0;
  let rejectedAt = Infinity;
  for (const approval of tables.approvals.values()) {
    if (approval.runUuid !== uuid || approval.stepKey !== step) continue;
    if (approval.decision === 'reject') rejectedAt = approval.decidedAt ?? 0;
    if (approval.decision !== 'approve') continue;
    if (approval.kind === 'review') reviews++;
    else hashes.add(approval.inputHash);
  }
  return { hashes, reviews, rejectedAt };
}

/** Runs of the dead are in other hands in time, and nothing needed the backstop. */
function checkRecovery({ counts, violations, odds, awaited }: World): void {
  for (const { fault, ms } of counts.recoveries) {
    const most = RECOVERY_MAX_MS[fault] ?? Infinity;
    if (ms > most) violations.push(`recovery: ${Math.round(ms)} ms after a ${fault}`);
  }
  void awaited;
  if (odds.calm && counts.backstops > 0) {
    violations.push(`I1: the backstop had to send ${counts.backstops} runs`);
  }
}

function stormEnd({ odds }: World): number {
  return EPOCH_START + odds.stormMs;
}
