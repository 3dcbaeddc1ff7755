import type { Mutant } from './mutant.ts';

const STORE = 'packages/store/src';

/** Mistakes in the SQL: they need the real one to be seen. */
export const storeMutants: readonly Mutant[] = [
  {
    name: 'no epoch check',
    file: `${STORE}/journal-write.ts`,
    find: 'on r.id = c.id and r.epoch = c.epoch',
    replace: 'on r.id = c.id',
    killedBy: { conformance: 'a claim of an earlier time is refused' },
  },
  {
    name: 'max(seq)+1',
    file: `${STORE}/journal-write.ts`,
    find: 'select h.tenant_id, e.run_id, e.seq, h.epoch',
    replace: `select h.tenant_id, e.run_id,
           (select max(x.seq) + 1 from only aos.events x where x.run_id = e.run_id)::int, h.epoch`,
    killedBy: { conformance: 'changes of one run stand in the order' },
  },
  {
    name: 'park through a decision',
    file: `${STORE}/journal-write.ts`,
    find: 'const urgent = await decidedMeanwhile(tx, parked);',
    replace: 'const urgent = new Set(parked.slice(parked.length).map(({ claim }) => claim.uuid));',
    killedBy: { conformance: 'a run about which somebody decided' },
  },
  {
    name: 'park through a cancellation',
    file: `${STORE}/journal-write.ts`,
    find: `const now = next.status === 'queued' || row?.cancel_requested || urgent.has(claim.uuid);`,
    replace: `const now = next.status === 'queued' || urgent.has(claim.uuid);`,
    killedBy: { conformance: 'a run that was cancelled while it was held' },
  },
  {
    name: 'lease stealing',
    file: `${STORE}/workers.ts`,
    find: 'and (w.lease_until < now() or pg_try_advisory_xact_lock(w.lock_key))',
    replace: '',
    killedBy: { conformance: 'the living are never suspected' },
  },
  {
    name: 'renew what ran out',
    file: `${STORE}/workers.ts`,
    find: `where id = $1 and state in ('live', 'stopping') and lease_until > now()`,
    replace: `where id = $1 and state in ('live', 'stopping')`,
    killedBy: { conformance: 'a lease that ran out is gone' },
  },
  {
    name: 'rescue that does not raise the epoch',
    file: `${STORE}/workers.ts`,
    find: `set status = 'queued', worker_id = null, epoch = epoch + 1,
              lost_claims`,
    replace: `set status = 'queued', worker_id = null,
              lost_claims`,
    killedBy: { conformance: 'runs of the dead go on elsewhere' },
  },
  {
    name: 'no backstop for orphans',
    file: `${STORE}/workers.ts`,
    find: 'const runs = [...forgotten, ...orphans];',
    replace: 'const runs = [...forgotten, ...orphans.slice(orphans.length)];',
    killedBy: { conformance: 'a run held by a worker that ended' },
  },
  {
    name: 'no backstop for lost jobs',
    file: `${STORE}/workers.ts`,
    find: 'const runs = [...forgotten, ...orphans];',
    replace: 'const runs = [...forgotten.slice(forgotten.length), ...orphans];',
    killedBy: { conformance: 'a run whose job is gone' },
  },
  {
    name: 'take without a lease',
    file: `${STORE}/claims.ts`,
    find: 'if (!(await isLive(tx, workerUuid))) return;',
    replace: '',
    killedBy: { conformance: 'a lease that ran out is gone' },
  },
  {
    name: 'claim that does not raise the epoch',
    file: `${STORE}/claims.ts`,
    find: `set status = 'running',
            epoch = epoch + 1,`,
    replace: `set status = 'running',`,
    killedBy: { conformance: 'an accepted run has its first fact' },
  },
  {
    name: 'let go of what others hold',
    file: `${STORE}/claims.ts`,
    find: `where id = $1 and epoch = $2 and status = 'running'`,
    replace: `where id = $1 and epoch >= $2 and status = 'running'`,
    killedBy: { conformance: 'a run that is let go comes back' },
  },
  {
    name: 'approval without CAS',
    file: `${STORE}/approvals.ts`,
    find: 'where a.id = $1 and a.decision is null and $5',
    replace: 'where a.id = $1 and $5',
    killedBy: { conformance: 'race: of many who decide at once' },
  },
  {
    name: 'decision that wakes nobody',
    file: `${STORE}/approvals.ts`,
    find: `if (run?.status === 'waiting') await wake(`,
    replace: `if (run?.status === 'finished') await wake(`,
    killedBy: { conformance: 'a decision wakes its run' },
  },
  {
    name: 'unguarded cancel',
    file: `${STORE}/runs.ts`,
    find: `if (run.status === 'finished') return 'finished';`,
    replace: '',
    killedBy: { conformance: 'a finished run never changes' },
  },
  {
    name: 'submit without key',
    file: `${STORE}/acceptance.ts`,
    find: 'idempotency?.key,',
    replace: 'undefined,',
    killedBy: { conformance: 'one key is one run' },
  },
  {
    name: 'enqueue outside the transaction',
    file: `${STORE}/accept.ts`,
    find: `await queue.send(
    tx,`,
    replace: `await queue.send(
    database,`,
    killedBy: { conformance: 'race: what is accepted while others take' },
  },
];
