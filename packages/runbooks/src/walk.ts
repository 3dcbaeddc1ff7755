import { parseCondition, type Names, type Verdict } from './condition.ts';
import type { ActStep, DecideStep, Runbook, Step, Value, VerifyStep } from './runbook.ts';
import { shellText } from './shell-text.ts';
import { takeReading, type ReadPorts } from './take-reading.ts';
import { fillBody, fillPath, fillText, MissingValue } from './template.ts';
import type { Entry, Outcome, Result } from './timeline.ts';

export type { Reading } from './take-reading.ts';

/** How an act ended. */
export type Answer =
  | { readonly result: 'done' | 'refused' | 'failed'; readonly detail?: string }
  /** Nobody allowed this program to execute it. */
  | { readonly result: 'shown' };

/** What a person is asked before anything is done. */
export interface Question {
  readonly say: string;
  /** The call or the command, filled in. */
  readonly what: string;
  readonly scope: string | undefined;
  readonly radius: string;
  readonly careful: boolean;
  /** The id of the step. */
  readonly step: string;
}

/** All that a walk touches. */
export interface Ports extends ReadPorts {
  now(): Date;
  pause(ms: number): Promise<void>;
  confirm(question: Question): Promise<boolean>;
  call(method: string, path: string, body: unknown): Promise<Answer>;
  command(words: readonly string[], background: boolean): Promise<Answer>;
  /** Each answer as it comes, in order. Kept before the next step begins. */
  record(entry: Entry): Promise<void>;
}

/**
 * Walks the steps: reads by themselves, acts when they are confirmed, and ends with whether the trouble is
 * over. It is when the last condition was met and nothing was refused. Steps go forward only, so it ends.
 */
export async function walk(
  runbook: Runbook,
  variables: Readonly<Record<string, string>>,
  ports: Ports,
): Promise<Outcome> {
  const names = new Map<string, Value | undefined>(Object.entries(variables));
  let verified = false;
  for (let at = 0; at < runbook.steps.length;) {
    const step = runbook.steps[at];
    if (!step) break;
    const begun = ports.now();
    const { entry, goto, met } = await perform(step, names, ports);
    const durationMs = ports.now().getTime() - begun.getTime();
    const { id, kind, say } = step;
    await ports.record({ at: begun.toISOString(), step: id, kind, say, ...entry, durationMs });
    if (goto === 'resolved' || goto === 'unresolved') return goto;
    verified = met ?? verified;
    at = goto === 'next' ? at + 1 : placeOf(runbook, goto, at);
  }
  return verified ? 'resolved' : 'unresolved';
}

interface Performed {
  readonly entry: Pick<Entry, 'what' | 'result' | 'value' | 'detail'>;
  readonly goto: string;
  readonly met?: boolean;
}

async function perform(
  step: Step,
  names: Map<string, Value | undefined>,
  ports: Ports,
): Promise<Performed> {
  switch (step.kind) {
    case 'read': {
      const { value, lasting: _, ...taken } = await takeReading(step.source, names, ports);
      names.set(step.id, value);
      const entry =
        value === undefined
          ? { ...taken, result: 'unknown' as const }
          : { ...taken, result: 'read' as const, value };
      return { entry, goto: 'next' };
    }
    case 'decide':
      return decide(step, names);
    case 'act':
      return act(step, names, ports);
    case 'verify':
      return verify(step, names, ports);
  }
}

function decide(step: DecideStep, names: Names): Performed {
  const verdict = parseCondition(step.condition).holds(names);
  const goto = verdict === undefined ? step.unknown : verdict ? step.goto : step.else;
  return {
    entry: { what: step.condition, result: wordOf(verdict), detail: `go to: ${goto}` },
    goto,
  };
}

function wordOf(verdict: Verdict): Result {
  if (verdict === undefined) return 'unknown';
  return verdict ? 'yes' : 'no';
}

async function act(
  step: ActStep,
  names: Map<string, Value | undefined>,
  ports: Ports,
): Promise<Performed> {
  let deed: Deed;
  try {
    deed = deedOf(step, names, ports);
  } catch (error) {
    if (!(error instanceof MissingValue)) throw error;
    const entry = { what: labelOf(step), result: 'failed' as const, detail: error.message };
    return { entry, goto: 'unresolved' };
  }
  const { what, scope, execute } = deed;
  const { id, say, careful } = step;
  const agreed = await ports.confirm({ step: id, say, what, scope, radius: deed.radius, careful });
  names.set(id, 'declined');
  if (!agreed) return { entry: { what, result: 'declined' }, goto: 'next' };
  const answer = await execute();
  names.set(id, answer.result);
  const wrong = answer.result === 'refused' || answer.result === 'failed';
  return { entry: { what, ...answer }, goto: wrong ? 'unresolved' : 'next' };
}

interface Deed {
  readonly what: string;
  readonly radius: string;
  readonly scope: string | undefined;
  readonly execute: () => Promise<Answer>;
}

function deedOf({ act: wanted, ...step }: ActStep, names: Names, ports: Ports): Deed {
  const radius = fillText(step.radius, names);
  if (wanted.kind === 'command') {
    const words = wanted.words.map((word) => fillText(word, names));
    return {
      radius,
      what: shellText(words) + (wanted.background ? ' &' : ''),
      scope: undefined,
      execute: () => ports.command(words, wanted.background),
    };
  }
  const path = fillPath(wanted.path, names);
  const body = fillBody(wanted.body, names);
  return {
    radius,
    what: `${wanted.method} ${path}${body === undefined ? '' : ` ${JSON.stringify(body)}`}`,
    scope: wanted.scope,
    execute: () => ports.call(wanted.method, path, body),
  };
}

function labelOf({ act: wanted }: ActStep): string {
  return wanted.kind === 'command' ? shellText(wanted.words) : `${wanted.method} ${wanted.path}`;
}

async function verify(
  step: VerifyStep,
  names: Map<string, Value | undefined>,
  ports: Ports,
): Promise<Performed> {
  const condition = parseCondition(step.until);
  const deadline = ports.now().getTime() + step.withinMs;
  for (let looks = 1; ; looks++) {
    const { what, value, detail, lasting } = await takeReading(step.source, names, ports);
    names.set(step.id, value);
    const met = condition.holds(names) === true;
    const leftMs = deadline - ports.now().getTime();
    if (met || lasting || leftMs <= 0) {
      const told = [`until ${step.until}`, `looks: ${looks}`, ...(detail ? [detail] : [])];
      const entry = {
        what,
        result: met ? ('met' as const) : ('not met' as const),
        ...(value !== undefined && { value }),
        detail: told.join('; '),
      };
      return met ? { entry, goto: 'next', met } : { entry, goto: step.else };
    }
    await ports.pause(Math.min(step.everyMs, leftMs));
  }
}

function placeOf({ steps, name }: Runbook, id: string, after: number): number {
  const place = steps.findIndex((step) => step.id === id);
  if (place <= after) throw new TypeError(`The runbook ${name} has no later step ${id}.`);
  return place;
}
