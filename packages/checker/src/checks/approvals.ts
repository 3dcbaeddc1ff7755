import { hashJson, planKeyOf, type Json } from '@aos/core';

import type { RunCheck, RunHistory } from '../check.ts';

/** Decided once, about exactly what was shown, and before what it allows. */
export const approvals: RunCheck = {
  kind: 'run',
  invariant: 'I15',
  *check(history) {
    yield* bound(history);
    yield* decided(history);
    yield* allowed(history);
  },
};

function* bound({ approvals: all, events }: RunHistory): Generator<string> {
  const requested = new Set(
    events.flatMap(({ event }) => (event.type === 'approval.requested' ? [event.approvalId] : [])),
  );
  for (const { id, input, inputHash } of all) {
    if (!requested.has(id)) yield `${id} is in no journal.`;
    // A review of a step that the worker could not hash has no hash.
    if (inputHash !== '' && hashJson(input as Json) !== inputHash) {
      yield `${id} shows another input than it is bound to.`;
    }
  }
}

function* decided({ approvals: all, events }: RunHistory): Generator<string> {
  const byId = new Map(all.map((one) => [one.id, one]));
  for (const { seq, event } of events) {
    if (event.type !== 'approval.decided') continue;
    const row = byId.get(event.approvalId);
    if (row?.decision !== event.decision || row.decidedBy !== event.by) {
      const said = row?.decision ? `${row.decision} by ${row.decidedBy}` : 'nothing';
      yield `${event.approvalId} at ${seq}: ${event.decision} by ${event.by}; decided was ${said}.`;
    }
  }
}

/** Steps whose plan asks for a human's leave did not begin without it. */
function* allowed({ approvals: all, events, plans, steps }: RunHistory): Generator<string> {
  const asking = new Set(
    (plans.at(-1)?.plan.steps ?? []).filter((step) => step.approval).map(({ key }) => key),
  );
  if (asking.size === 0) return;
  const leave = new Map<string, Set<string>>();
  const granted = new Map(
    all
      .filter((one) => one.kind === 'step' && one.decision === 'approve')
      .map((one) => [one.id, one]),
  );
  for (const { seq, event } of events) {
    if (event.type === 'approval.decided') {
      const approval = granted.get(event.approvalId);
      if (approval)
        leave.set(event.step, (leave.get(event.step) ?? new Set()).add(approval.inputHash));
    }
    const begun = event.type === 'step.started' || event.type === 'step.completed';
    if (begun && asking.has(planKeyOf(event.step)) && !leave.has(event.step)) {
      yield `${event.step} began at ${seq}, and nobody had allowed it.`;
    }
  }
  for (const { key, status, attempt, inputHash } of steps) {
    const hashes = leave.get(key);
    if (status !== 'completed' || attempt === 0 || !hashes) continue;
    if (!hashes.has(inputHash ?? ''))
      yield `${key} was executed with another input than was allowed.`;
  }
}
