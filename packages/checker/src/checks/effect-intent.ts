import type { EffectCheck, RunHistory } from '../check.ts';
import type { Effect } from '../effect.ts';

/** As many starts stand in the journal as there were effects, each before its effect. */
export const effectIntent: EffectCheck = {
  kind: 'effect',
  invariant: 'I6',
  *check(history, effects, toleranceMs) {
    const done = new Map<string, number>();
    for (const effect of effects) {
      // Whoever only reads is announced once it takes a while.
      if (effect.class === 'pure' || effect.class === 'read') continue;
      const count = (done.get(effect.step) ?? 0) + 1;
      done.set(effect.step, count);
      const announced = startsOf(history, effect).filter(
        ({ at }) => at.getTime() <= effect.at + toleranceMs,
      ).length;
      if (announced < count) {
        const when = new Date(effect.at).toISOString();
        yield `${effect.step} acted at ${when} for the time ${count}, announced ${announced} times.`;
      }
    }
  },
};

function startsOf({ events }: RunHistory, { step, attempt }: Effect): RunHistory['events'] {
  return events.filter(
    ({ event }) =>
      event.type === 'step.started' &&
      event.step === step &&
      (attempt === undefined || event.attempt === attempt),
  );
}
