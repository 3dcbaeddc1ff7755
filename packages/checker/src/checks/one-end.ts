import type { RunCheck } from '../check.ts';

/** A finished run has one end, which is its last event; no other run has one. */
export const oneEnd: RunCheck = {
  kind: 'run',
  invariant: 'I3',
  *check({ run, events }) {
    const ends = events.filter(({ event }) => event.type === 'run.finished');
    if (ends.length > 1) yield `It ended ${ends.length} times, at ${places(ends)}.`;
    const [end] = ends;
    if (end && end !== events.at(-1)) yield `Events follow its end at ${end.seq}.`;
    if (run.status === 'finished' && !end) yield 'It is finished, and its journal tells of no end.';
    if (run.status !== 'finished' && end)
      yield `Its journal ends at ${end.seq}, and it is ${run.status}.`;
  },
};

function places(events: readonly { readonly seq: number }[]): string {
  return events.map(({ seq }) => seq).join(', ');
}
