import { createDatabase, history, type Database } from '@aos/store';

import type { Check, EffectCheck, RunCheck, RunHistory, SetCheck } from './check.ts';
import { checks as allChecks } from './checks.ts';
import type { Effect } from './effect.ts';
import type { Invariant, Violation } from './invariant.ts';

export interface CheckOptions {
  /** A login that may read everything: one in the role `aos_reader`, or the owner's. */
  readonly databaseUrl: string;
  /** What was done outside, by run. */
  readonly effects?: ReadonlyMap<string, readonly Effect[]>;
  /** How far the clock of whoever wrote the effects may be from the workers'. */
  readonly clockToleranceMs?: number;
  /** Only runs that are not finished, or finished at this moment or later; whole tables are left out. */
  readonly since?: Date;
  readonly signal?: AbortSignal;
  readonly checks?: readonly Check[];
}

export interface CheckReport {
  /** The moment of which all findings are true. */
  readonly at: Date;
  readonly runs: number;
  readonly events: number;
  readonly effects: number;
  /** How often each invariant is broken; those that were checked and hold are 0. */
  readonly violations: ReadonlyMap<Invariant, number>;
}

const TOLERANCE_MS = 1_000;
/** Longer than the server's own limit for a statement of a check. */
const QUERY_TIMEOUT_MS = 150_000;

/**
 * Checks all that is stored at one moment, in one read-only snapshot of the primary. Every violation is
 * told as it is found; nothing is kept.
 */
export async function checkHistory(
  options: CheckOptions,
  tell: (violation: Violation) => void,
): Promise<CheckReport> {
  const database = openReader(options.databaseUrl);
  try {
    return await history.snapshot(database, (snapshot) => sweep(snapshot, options, tell));
  } finally {
    await database.close();
  }
}

/** The violations as a list, for tests and programs that expect none. */
export async function violationsOf(options: CheckOptions): Promise<Violation[]> {
  const found: Violation[] = [];
  await checkHistory(options, (violation) => found.push(violation));
  return found;
}

function openReader(url: string): Database {
  return createDatabase({
    url,
    role: 'aos_reader',
    applicationName: 'aos-check',
    connectionsMax: 1,
    queryTimeoutMs: QUERY_TIMEOUT_MS,
  });
}

async function sweep(
  snapshot: history.Snapshot,
  options: CheckOptions,
  tell: (violation: Violation) => void,
): Promise<CheckReport> {
  const { effects, since, signal, checks = allChecks } = options;
  const violations = new Map<Invariant, number>();
  const asked = checks.filter(
    ({ kind }) => (kind !== 'effect' || effects) && (kind !== 'set' || !since),
  );
  for (const { invariant } of asked) violations.set(invariant, 0);
  const count = (violation: Violation) => {
    violations.set(violation.invariant, (violations.get(violation.invariant) ?? 0) + 1);
    tell(violation);
  };
  const ofRuns = asked.filter((check) => check.kind !== 'set');
  let runs = 0;
  let events = 0;
  let seen = 0;
  for await (const one of history.read(snapshot, since)) {
    signal?.throwIfAborted();
    runs++;
    events += one.events.length;
    const own = effects?.get(one.run.id) ?? [];
    seen += own.length;
    for (const violation of checkRun(one, own, ofRuns, options.clockToleranceMs)) count(violation);
  }
  for (const check of asked) {
    signal?.throwIfAborted();
    if (check.kind === 'set') for (const one of await askSet(snapshot, check)) count(one);
  }
  if (effects && !since) for (const one of await withoutRun(snapshot, effects)) count(one);
  return { at: snapshot.now, runs, events, effects: seen, violations };
}

/** All that is wrong with one run. Pure. */
export function* checkRun(
  one: RunHistory,
  effects: readonly Effect[],
  checks: readonly (RunCheck | EffectCheck)[],
  toleranceMs = TOLERANCE_MS,
): Generator<Violation> {
  for (const check of checks) {
    const found = check.kind === 'run' ? check.check(one) : check.check(one, effects, toleranceMs);
    for (const evidence of found) yield { invariant: check.invariant, run: one.run.id, evidence };
  }
}

async function askSet({ tx }: history.Snapshot, check: SetCheck): Promise<Violation[]> {
  const findings = await check.check(tx);
  return findings.map(({ run, evidence }) => ({
    invariant: check.invariant,
    ...(run !== null && { run }),
    evidence,
  }));
}

/** Effects of runs that nobody knows: a tail of the database is lost, or they were never accepted. */
async function withoutRun(
  { tx }: history.Snapshot,
  effects: ReadonlyMap<string, readonly Effect[]>,
): Promise<Violation[]> {
  const missing = await history.missingRuns(tx, [...effects.keys()]);
  return missing.map((run) => ({
    invariant: 'I6',
    run,
    evidence: `${effects.get(run)?.length} effects are of a run that does not exist.`,
  }));
}
