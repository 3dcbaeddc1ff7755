import type { Mutant } from './mutant.ts';

const WORKER = 'packages/engine/src/worker';
const STORE = 'packages/store/src';

/** Mistakes in the life of a worker, and in how it resolves doubt about what stands. */
export const workerMutants: readonly Mutant[] = [
  {
    name: 'no self-fence',
    file: `${WORKER}/lease.ts`,
    find: 'const leftMs = () => times.leaseMs',
    replace: 'const leftMs = () => 1e9 + times.leaseMs',
    killedBy: 'simulator',
  },
  {
    name: 'fence looked at by its own timer alone',
    file: `${WORKER}/work.ts`,
    find: `await clock.sleep(ms, signal);
      lease.check();`,
    replace: 'await clock.sleep(ms, signal);',
    killedBy: { unit: 'packages/engine/src/worker/work.test.ts' },
  },
  {
    name: 'refused renewal ignored',
    file: `${WORKER}/lease.ts`,
    find: 'if (!renewal.held) return lose();',
    replace: '',
    killedBy: { unit: 'packages/engine/src/worker/lease.test.ts' },
  },
  {
    name: 'a run that cannot be let go is forgotten',
    file: `${WORKER}/work.ts`,
    find: 'while (!lost.aborted) {',
    replace: 'for (let once = true; once; once = false) {',
    killedBy: { unit: 'packages/engine/src/worker/work.test.ts' },
  },
  {
    name: 'no look for strays',
    file: `${WORKER}/duties.ts`,
    find: 'await link.letGo(stray, 0);',
    replace: 'await Promise.resolve();',
    killedBy: { unit: 'packages/engine/src/worker/work.test.ts' },
  },
  {
    name: 'no reaper',
    file: `${WORKER}/duties.ts`,
    find: 'const runs = await link.rescue(suspects);',
    replace: 'const runs: string[] = [];',
    killedBy: 'simulator',
  },
  {
    name: 'slow reaper',
    file: `${WORKER}/duties.ts`,
    find: 'const LOOK_EVERY_MS = 250;',
    replace: 'const LOOK_EVERY_MS = 10_000;',
    killedBy: 'simulator',
  },
  {
    name: 'no poll beside the notices',
    file: `${WORKER}/pool.ts`,
    find: 'const POLL_MS = 1_000;',
    replace: 'const POLL_MS = 1_000_000;',
    killedBy: 'simulator',
  },
  {
    name: 'cancel unheard while held',
    file: `${WORKER}/pool.ts`,
    find: 'if (flight) flight.cancel.abort(by);',
    replace: 'if (flight) void by;',
    killedBy: 'simulator',
  },
  {
    name: 'cancel heard too early is forgotten',
    file: `${WORKER}/pool.ts`,
    find: 'else early.set(runUuid, by);',
    replace: '',
    killedBy: { unit: 'packages/engine/src/worker/pool.test.ts' },
  },
  {
    name: 'an old flight forgets the new one',
    file: `${WORKER}/pool.ts`,
    find: 'if (newest.get(claim.uuid) === flight) newest',
    replace: 'newest',
    killedBy: { unit: 'packages/engine/src/worker/pool.test.ts' },
  },
  {
    name: 'deadlines by the wall clock',
    file: `${WORKER}/database-clock.ts`,
    find: 'return new Date(Math.round(time.monotonicMs() + offset));',
    replace: 'return new Date();',
    killedBy: 'simulator',
  },
  {
    name: 'lost answer to a claim not looked up',
    file: `${STORE}/take-surely.ts`,
    find: 'if (ready.length === 0 || !isUnavailable(error)) throw error;',
    replace: 'throw error;',
    killedBy: 'simulator',
  },
  {
    name: 'lookup of a claim given up at a deadlock',
    file: `${STORE}/take-surely.ts`,
    find: 'if (!isPassing(error)) throw error;',
    replace: 'if (!isUnavailable(error)) throw error;',
    killedBy: { unit: `${STORE}/take-surely.test.ts` },
  },
  {
    name: 'lost answer to a claim believed',
    file: `${STORE}/take-surely.ts`,
    find: 'return ready.filter(({ uuid, epoch }) => epochs.get(uuid) === epoch);',
    replace: 'return epochs.size > 0 ? ready : [];',
    killedBy: { unit: `${STORE}/take-surely.test.ts` },
  },
  {
    name: 'resend without recognising what stands',
    file: `${STORE}/journal.ts`,
    find: 'sentBefore = true;',
    replace: 'sentBefore = false;',
    killedBy: { conformance: 'an answer to a commit that got lost' },
  },
  {
    name: 'resend at a new place',
    file: `${STORE}/journal.ts`,
    find: 'return await writer.write(entries, lane, sentBefore);',
    replace:
      'return await writer.write(sentBefore ? asked.map(place) : entries, lane, sentBefore);',
    killedBy: 'simulator',
  },
  {
    name: 'lost answer taken for a refusal',
    file: `${STORE}/journal.ts`,
    find: 'doubtful = true;',
    replace: `return entries.map(() => 'refused');`,
    killedBy: 'simulator',
  },
  {
    name: 'deadlock is a failure',
    file: `${STORE}/journal.ts`,
    find: '(isConflict(error) || isBusy(error)) &&',
    replace: 'isBusy(error) &&',
    killedBy: 'simulator',
  },
  {
    name: 'a run in two lanes',
    file: `${STORE}/journal.ts`,
    find: 'laneOf: ({ claim }) => Number.parseInt(claim.uuid.slice(-4), 16),',
    replace: 'laneOf: ({ change }) => JSON.stringify(change).length,',
    killedBy: 'simulator',
  },
];
