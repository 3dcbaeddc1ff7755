import type { Mutant } from './mutant.ts';

const ENGINE = 'packages/engine/src';

/** Mistakes in how one run is advanced. */
export const engineMutants: readonly Mutant[] = [
  {
    name: 'no key',
    file: `${ENGINE}/idempotency-key.ts`,
    find: 'return BigInt(',
    replace: `return ''; BigInt(`,
    killedBy: 'simulator',
  },
  {
    name: 'key per attempt',
    file: `${ENGINE}/run-unit.ts`,
    find: 'idempotencyKeyOf(advance.run.id, attempt.unit.key)',
    replace: 'idempotencyKeyOf(advance.run.id, attempt.unit.key + attempt.number)',
    killedBy: 'simulator',
  },
  {
    name: 'key per claim',
    file: `${ENGINE}/run-unit.ts`,
    find: 'idempotencyKeyOf(advance.run.id, attempt.unit.key)',
    replace: 'idempotencyKeyOf(advance.run.id + advance.run.epoch, attempt.unit.key)',
    killedBy: 'simulator',
  },
  {
    name: 'retry of unknown',
    file: `${ENGINE}/settle-attempt.ts`,
    find: 'if (isUnrepeatable(attempt.effect)) return askReview(advance, attempt, failure);',
    replace: '',
    killedBy: 'simulator',
  },
  {
    name: 'publish before commit',
    file: `${ENGINE}/run-unit.ts`,
    find: 'await recorder.record(startOf(attempt));',
    replace: 'recorder.note(startOf(attempt));',
    killedBy: 'simulator',
  },
  {
    name: 'no intent',
    file: `${ENGINE}/run-unit.ts`,
    find: `if (needsIntent(attempt.effect)) {
    await`,
    replace: `if (attempt.effect === 'unkeyed') {
    await`,
    killedBy: 'simulator',
  },
  {
    name: 'split checkpoint',
    file: `${ENGINE}/recorder.ts`,
    find: 'await ports.commit(whole);',
    replace: `const { steps, next, ...facts } = whole;
      await ports.commit(facts);
      const mark = { type: 'run.started', workerId: '', epoch: 0 } as const;
      if (steps ?? next) await ports.commit({ events: [mark], ...(steps && { steps }), ...(next && { next }) });`,
    killedBy: 'simulator',
  },
  {
    name: 'completed step run again after resume',
    file: `${ENGINE}/moves.ts`,
    find: 'if (isSettled(own) || active.has(step.key) ||',
    replace: `if ((isSettled(own) && own?.status !== 'completed') || active.has(step.key) ||`,
    killedBy: 'simulator',
  },
  {
    name: 'interrupted effect repeated without a human',
    file: `${ENGINE}/ask-human.ts`,
    find: `const unsure = before?.status === 'started' && isUnrepeatable(before.effect);`,
    replace: 'const unsure = false;',
    killedBy: 'simulator',
  },
  {
    name: 'step that needs leave starts without',
    file: `${ENGINE}/ask-human.ts`,
    find: 'if (!attempt.unit.step.approval || isApproved(advance, attempt)) return true;',
    replace: 'if (attempt.unit.step.approval || !isApproved(advance, attempt)) return true;',
    killedBy: 'simulator',
  },
  {
    name: 'rejection ignored',
    file: `${ENGINE}/ask-human.ts`,
    find: `if (answer.decision === 'reject') {`,
    replace: `if (answer.decision === 'reject' && answer.kind === 'review') {`,
    killedBy: 'simulator',
  },
  {
    name: 'wait goes on after a decision',
    file: `${ENGINE}/waits.ts`,
    find: 'return !run.decisions.has(wait.approvalId);',
    replace: 'return true;',
    killedBy: 'simulator',
  },
  {
    name: 'retry at once',
    file: `${ENGINE}/waits.ts`,
    find: 'return wait.until > now;',
    replace: 'return wait.until > new Date(now.getTime() + 5_000);',
    killedBy: 'simulator',
  },
  {
    name: 'release burns an attempt',
    file: `${ENGINE}/end-run.ts`,
    find: 'attempt: record.attempt - 1,',
    replace: 'attempt: record.attempt,',
    killedBy: 'simulator',
  },
  {
    name: 'steps left open by the end',
    file: `${ENGINE}/end-run.ts`,
    find: 'steps: leftOver(recorder.records, how, now),',
    replace: '',
    killedBy: 'simulator',
  },
  {
    name: 'cancel before the claim ignored',
    file: `${ENGINE}/stop.ts`,
    find: 'if (run.cancelledBy !== undefined)',
    replace: 'if (run.cancelledBy === null)',
    killedBy: 'simulator',
  },
];
