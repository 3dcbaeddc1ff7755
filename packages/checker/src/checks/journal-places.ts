import type { RunCheck } from '../check.ts';

/** Places are 0, 1, 2 … and the first event says that the run was accepted. */
export const journalPlaces: RunCheck = {
  kind: 'run',
  invariant: 'I9',
  *check({ events }) {
    for (const [place, { seq }] of events.entries()) {
      if (seq === place) continue;
      yield `There is no event at ${place}; the next one is at ${seq}.`;
      break;
    }
    const [first] = events;
    if (!first) yield 'It has no journal.';
    else if (first.event.type !== 'run.accepted')
      yield `Its journal begins with ${first.event.type}.`;
  },
};
