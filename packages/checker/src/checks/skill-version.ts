import type { RunCheck } from '../check.ts';

/** Whoever executed a step offered its skill in that version. */
export const skillVersion: RunCheck = {
  kind: 'run',
  invariant: 'I22',
  *check({ run, events, steps, offers }) {
    const workers = new Map(
      events.flatMap(({ epoch, event }) =>
        event.type === 'run.started' ? [[epoch, event.workerId] as const] : [],
      ),
    );
    for (const { key, skill, skillVersion: version, status, attempt, epoch } of steps) {
      // What a rerun took over was executed in another run; attempt 0 is no execution.
      if (status !== 'completed' || attempt === 0 || (epoch === 0 && run.originMode)) continue;
      const worker = workers.get(epoch);
      const offered = worker && offers.get(worker);
      if (offered && !offered.includes(`${skill}@${version}`)) {
        yield `${key} was executed with ${skill}@${version}, which ${worker} does not offer.`;
      }
    }
  },
};
