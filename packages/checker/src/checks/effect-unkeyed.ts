import type { EffectCheck } from '../check.ts';

/** What nobody can tell apart happens once, and once more for each leave that a human gave. */
export const effectUnkeyed: EffectCheck = {
  kind: 'effect',
  invariant: 'I8',
  *check({ events, approvals }, effects) {
    const reviews = new Set(approvals.filter(({ kind }) => kind === 'review').map(({ id }) => id));
    const allowed = new Map<string, number>();
    for (const { event } of events) {
      if (event.type !== 'approval.decided' || event.decision !== 'approve') continue;
      if (reviews.delete(event.approvalId)) {
        allowed.set(event.step, (allowed.get(event.step) ?? 1) + 1);
      }
    }
    const applied = new Map<string, number>();
    for (const { step, applied: happened, class: kind } of effects) {
      if (kind === 'unkeyed' && happened) applied.set(step, (applied.get(step) ?? 0) + 1);
    }
    for (const [step, times] of applied) {
      const most = allowed.get(step) ?? 1;
      if (times > most) yield `${step} happened ${times} times; ${most} were allowed.`;
    }
  },
};
