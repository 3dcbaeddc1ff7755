import { planKeyOf } from '@aos/core';

import type { RunCheck } from '../check.ts';

/**
 * Between two starts of a step that must not be repeated stands either the word that the first one did not
 * happen, or a human's leave for exactly the same input.
 */
export const unkeyed: RunCheck = {
  kind: 'run',
  invariant: 'I8',
  *check({ events, approvals }) {
    const reviews = new Map(approvals.map((one) => [one.id, one]));
    const open = new Map<string, number>();
    for (const { seq, event } of events) {
      switch (event.type) {
        case 'step.started': {
          if (event.effect !== 'unkeyed' && event.effect !== 'reconcilable') break;
          const before = open.get(event.step);
          if (before !== undefined) {
            yield `${event.step} started at ${before} and again at ${seq}, and nobody had allowed it.`;
          }
          open.set(event.step, seq);
          break;
        }
        case 'step.failed':
          if (event.failure.code === 'outcome_unknown' && event.retryAt !== undefined) break;
          open.delete(event.step);
          break;
        // With a failure: its call did not happen.
        case 'step.parked':
          if (event.failure) open.delete(event.step);
          break;
        case 'step.completed':
          open.delete(event.step);
          break;
        case 'approval.decided':
          if (event.decision === 'approve' && reviews.get(event.approvalId)?.kind === 'review') {
            open.delete(event.step);
          }
          break;
        default:
      }
    }
    for (const review of reviews.values()) {
      if (review.kind !== 'review') continue;
      const known = events.some(
        ({ event }) => 'step' in event && planKeyOf(event.step) === planKeyOf(review.stepKey),
      );
      if (!known)
        yield `The review ${review.id} is about ${review.stepKey}, of which nothing is told.`;
    }
  },
};
