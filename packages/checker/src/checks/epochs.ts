import type { RunCheck } from '../check.ts';

/** Epochs never fall, never exceed the run's, and each is of one worker. */
export const epochs: RunCheck = {
  kind: 'run',
  invariant: 'I5',
  *check({ run, events, steps }) {
    let last = 0;
    const owners = new Map<number, string>();
    for (const { seq, epoch, event } of events) {
      if (epoch < last) yield `The epoch falls from ${last} to ${epoch} at ${seq}.`;
      if (epoch > run.epoch)
        yield `Epoch ${epoch} at ${seq} is of the future: the run has ${run.epoch}.`;
      last = Math.max(last, epoch);
      if (event.type !== 'run.started') continue;
      const owner = owners.get(epoch);
      if (owner !== undefined && owner !== event.workerId) {
        yield `Epoch ${epoch} is of ${owner} and of ${event.workerId}.`;
      }
      if (event.epoch !== epoch)
        yield `At ${seq} a claim of epoch ${event.epoch} is written under ${epoch}.`;
      owners.set(epoch, event.workerId);
    }
    for (const { key, epoch } of steps) {
      if (epoch > run.epoch) yield `${key} is of epoch ${epoch}: the run has ${run.epoch}.`;
    }
  },
};
