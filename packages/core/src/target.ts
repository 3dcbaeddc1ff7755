import { failures, type Failure, type FailureCode } from './failures.ts';
import type { SkillResult } from './skill.ts';

/**
 * What is known of one target of one tenant: a host, a model, a database that steps reach. Shared by all
 * workers, and decided here alone: every function takes what was known, what was heard and the time, and
 * gives what is known now.
 */
export interface Circuit {
  readonly state: CircuitState;
  /** When the outage began; absent while it is clear. */
  readonly outSince?: Date;
  /** What opened it. */
  readonly failure?: Failure;
  /** Who parked it by hand. */
  readonly by?: string;
  /** How often in this outage it was found out. */
  readonly trips: number;
  /** Calls that failed since the outage began. */
  readonly failed: number;
  /** The last seconds, the oldest first. */
  readonly window: readonly Second[];
}

export type CircuitState =
  /** Steps may call. */
  | { readonly kind: 'clear' }
  /** Nobody calls before `until`: the target asked for it, or kept failing. */
  | { readonly kind: 'out'; readonly until: Date }
  /** Somebody parked it by hand; without `until` until somebody releases it. */
  | { readonly kind: 'parked'; readonly until?: Date }
  /** One step tries; when nothing is heard of it before `until`, another one does. */
  | {
      readonly kind: 'probing';
      readonly since: Date;
      readonly until: Date;
      readonly begun: boolean;
    }
  /** It answers again: those who wait go on, few at first. */
  | { readonly kind: 'releasing'; readonly since: Date; readonly released: number };

/** What was heard in one second. */
export interface Second {
  /** Seconds since 1970. */
  readonly at: number;
  readonly answered: number;
  readonly failed: number;
  /** How much the failures say: a server error less than silence. */
  readonly weight: number;
  /** Whose calls failed; three are enough to tell. */
  readonly runs: readonly string[];
}

/** Calls of one worker that ended since it told last. */
export interface Heard {
  readonly answered: number;
  readonly failed: readonly { readonly runId: string; readonly failure: Failure }[];
  /** How the one that tried ended, if it was among them. */
  readonly probe?: Verdict;
}

/** What a call says of the target: that it works, that it does not, or nothing. */
export type Verdict = 'answered' | 'failed' | 'undecided';

/**
 * Failures that tell of the target and not of the request, and how much: a server error may well be the
 * fault of one request, so it takes four times as many of them.
 */
const OUTAGES: ReadonlyMap<FailureCode, number> = new Map([
  ['target_unreachable', 1],
  ['target_timed_out', 1],
  ['target_overloaded', 1],
  ['target_failed', 0.25],
]);

/** Codes beside those of the category `target` that only somebody who got an answer has. */
const ANSWERS: ReadonlySet<FailureCode> = new Set(['response_too_large', 'model_truncated']);

const WINDOW_S = 10;
/** Five that could not reach it, or twenty that met a server error. */
const WEIGHT_MIN = 5;
const RUNS_MIN = 3;
/** Of the calls in the window, at least this share failed. */
const FAILED_SHARE = 0.8;
/** The first rest; it doubles each time it is found out again. */
const REST_MS = 2_000;
const REST_MAX_MS = 60_000;
/** Whatever the other side asks for: a day is the most it gets. */
const RETRY_AFTER_MAX_MS = 86_400_000;
/** How soon a step that may try must be in a worker's hands. */
const PROBE_CLAIM_MS = 10_000;
/** Beyond the step's own limit. */
const PROBE_MARGIN_MS = 5_000;
/** The ramp: about this many in the first two seconds, twice as many in the next two, and so on. */
const RAMP_FIRST = 10;
const RAMP_DOUBLES_MS = 2_000;
/** Steps on their way into the wait must be seen before it ends. */
const RELEASING_MIN_MS = 2_000;
/** Nobody has asked for it since it might be tried: it is forgotten. */
const FORGOTTEN_AFTER_MS = 300_000;

export const CLEAR: Circuit = { state: { kind: 'clear' }, trips: 0, failed: 0, window: [] };

export function isOutage({ code }: Failure): boolean {
  return OUTAGES.has(code);
}

export function verdictOf(result: SkillResult): Verdict {
  if (result.outcome === 'completed') return 'answered';
  const { code } = result.failure;
  if (OUTAGES.has(code)) return 'failed';
  return failures[code].category === 'target' || ANSWERS.has(code) ? 'answered' : 'undecided';
}

/** How long the target asked everybody to stay away; 0 when it did not. */
function asked(failure: Failure): number {
  if (!isOutage(failure)) return 0;
  return Math.min(Math.max(failure.retryAfterMs ?? 0, 0), RETRY_AFTER_MAX_MS);
}

/** Calls have ended. */
export function hear(circuit: Circuit, heard: Heard, now: Date): Circuit {
  const { state } = circuit;
  const longest = Math.max(0, ...heard.failed.map(({ failure }) => asked(failure)));
  const last = heard.failed.at(-1)?.failure;
  switch (state.kind) {
    case 'clear':
    case 'releasing': {
      const next = { ...circuit, window: told(circuit.window, heard, now) };
      if (longest > 0 || keepsFailing(next.window)) return open(next, heard, longest, now);
      return next;
    }
    case 'out':
      // Calls that were under way when it opened: they may know better how long it takes.
      return {
        ...circuit,
        failed: circuit.failed + heard.failed.length,
        state: { kind: 'out', until: later(state.until, after(now, longest)) },
      };
    case 'parked':
      return { ...circuit, failed: circuit.failed + heard.failed.length };
    case 'probing':
      if (heard.probe === 'answered') return release(circuit, now);
      if (heard.probe === 'failed' && last) return open(circuit, heard, longest, now);
      if (heard.probe === 'undecided') return { ...circuit, state: { kind: 'out', until: now } };
      return circuit;
  }
}

/** A step begins to call, as the one that tries. Only after `mayProbe`. */
export function probe(circuit: Circuit, timeoutMs: number, now: Date): Circuit {
  const since = circuit.state.kind === 'probing' ? circuit.state.since : now;
  const until = after(now, timeoutMs + PROBE_MARGIN_MS);
  return { ...circuit, state: { kind: 'probing', since, until, begun: true } };
}

/** Whether the time has come to try, and nobody does. */
export function mayProbe({ state }: Circuit, now: Date): boolean {
  switch (state.kind) {
    case 'out':
      return state.until <= now;
    case 'parked':
      return state.until !== undefined && state.until <= now;
    case 'probing':
      return state.until <= now;
    case 'clear':
    case 'releasing':
      return false;
  }
}

/** Whether a step that was let go at `ticket` may call; it may be the one that tries. */
export function admits({ state }: Circuit, ticket: Date): 'call' | 'probe' | 'wait' {
  switch (state.kind) {
    case 'clear':
      return 'call';
    case 'probing':
      return !state.begun && ticket >= state.since ? 'probe' : 'wait';
    case 'releasing':
      return ticket >= state.since ? 'call' : 'wait';
    case 'out':
    case 'parked':
      return 'wait';
  }
}

/** How many of those who wait may go on now: the one that tries, or as many as the ramp allows. */
export function allowance(circuit: Circuit, now: Date): number {
  if (mayProbe(circuit, now)) return 1;
  const { state } = circuit;
  if (state.kind !== 'releasing') return 0;
  return Math.max(0, rampAt(now.getTime() - state.since.getTime()) - state.released);
}

/** Time has passed. `tickets` of the steps that waited go on, of the allowance; `waiting` are left. */
export function tick(
  circuit: Circuit,
  { tickets, waiting }: { readonly tickets: number; readonly waiting: number },
  now: Date,
): Circuit {
  const { state } = circuit;
  if (mayProbe(circuit, now)) {
    if (tickets > 0) {
      const until = after(now, PROBE_CLAIM_MS);
      return { ...circuit, state: { kind: 'probing', since: now, until, begun: false } };
    }
    const dueAt = 'until' in state && state.until ? state.until : now;
    const forgotten = waiting === 0 && now.getTime() - dueAt.getTime() > FORGOTTEN_AFTER_MS;
    return forgotten ? CLEAR : circuit;
  }
  if (state.kind !== 'releasing') return circuit;
  if (tickets > 0) return { ...circuit, state: { ...state, released: state.released + tickets } };
  const sinceMs = now.getTime() - state.since.getTime();
  return waiting === 0 && sinceMs >= RELEASING_MIN_MS ? CLEAR : circuit;
}

/** How many may have been let go, this long after it answered again. */
export function rampAt(ms: number): number {
  return Math.floor(RAMP_FIRST * (2 ** (ms / RAMP_DOUBLES_MS) - 1)) + 1;
}

/** Somebody knows that it is out, or wants it left alone. */
export function parkByHand(
  circuit: Circuit,
  order: { readonly by: string; readonly reason: string; readonly until?: Date },
  now: Date,
): Circuit {
  return {
    ...circuit,
    state: { kind: 'parked', ...(order.until && { until: order.until }) },
    outSince: circuit.outSince ?? now,
    by: order.by,
    failure: { code: 'target_parked', detail: `${order.by} parked it: ${order.reason}` },
    window: [],
  };
}

/** It answers again, or somebody says so: on a ramp, never all at once. */
export function release({ by: _by, ...circuit }: Circuit, now: Date): Circuit {
  return { ...circuit, state: { kind: 'releasing', since: now, released: 0 }, window: [] };
}

/** When it is tried next, as far as anybody knows. */
export function tryAgainAt({ state }: Circuit): Date | undefined {
  return state.kind === 'out' || state.kind === 'parked' ? state.until : undefined;
}

function open({ by: _by, ...circuit }: Circuit, heard: Heard, longest: number, now: Date): Circuit {
  const trips = circuit.trips + 1;
  const rest = Math.min(REST_MS * 2 ** (trips - 1), REST_MAX_MS);
  const worst = heard.failed.find(({ failure }) => asked(failure) === longest) ?? heard.failed[0];
  return {
    ...circuit,
    state: { kind: 'out', until: after(now, longest > 0 ? longest : rest) },
    outSince: circuit.outSince ?? now,
    failure: reasonOf(worst?.failure),
    trips,
    failed: circuit.failed + Math.max(heard.failed.length, failedIn(circuit.window)),
    window: [],
  };
}

function reasonOf(failure: Failure | undefined): Failure {
  const code = failure?.code ?? 'target_failed';
  return { code, detail: failure?.detail ?? failures[code].meaning };
}

function keepsFailing(window: readonly Second[]): boolean {
  const failed = failedIn(window);
  const weight = window.reduce((sum, second) => sum + second.weight, 0);
  const answered = window.reduce((sum, second) => sum + second.answered, 0);
  const runs = new Set(window.flatMap((second) => second.runs));
  return (
    weight >= WEIGHT_MIN && runs.size >= RUNS_MIN && failed >= FAILED_SHARE * (failed + answered)
  );
}

function failedIn(window: readonly Second[]): number {
  return window.reduce((sum, second) => sum + second.failed, 0);
}

/** The window with what was heard now, without what is older than it. */
function told(window: readonly Second[], { answered, failed }: Heard, now: Date): Second[] {
  const at = Math.floor(now.getTime() / 1000);
  const kept = window.filter((second) => second.at > at - WINDOW_S && second.at !== at);
  const same = window.find((second) => second.at === at);
  const runs = new Set([...(same?.runs ?? []), ...failed.map(({ runId }) => runId)]);
  return [
    ...kept,
    {
      at,
      answered: (same?.answered ?? 0) + answered,
      failed: (same?.failed ?? 0) + failed.length,
      weight: (same?.weight ?? 0) + failed.reduce((sum, one) => sum + weightOf(one.failure), 0),
      runs: [...runs].slice(0, RUNS_MIN),
    },
  ];
}

function weightOf({ code }: Failure): number {
  return OUTAGES.get(code) ?? 0;
}

function after(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms);
}

function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}
