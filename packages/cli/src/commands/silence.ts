import type { Silence } from '../alertmanager.ts';
import { usageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { present } from '../present.ts';
import { readMatcher } from '../read-matcher.ts';
import { readTime } from '../read-time.ts';
import { createdLines, silenceLines } from '../render/silences.ts';
import { moment } from '../text/amounts.ts';

export interface CreateOptions {
  readonly alert?: string;
  readonly matcher: readonly string[];
  readonly for: string;
  readonly reason: string;
  readonly author?: string;
}

export interface ListOptions {
  readonly all?: boolean;
}

const DAYS_MAX = 30;
const DAY_MS = 24 * 3_600_000;
const REASON_CHARACTERS_MAX = 500;

export async function create(context: Context, options: CreateOptions): Promise<ExitCode> {
  const now = Date.now();
  const matchers = [
    ...(options.alert === undefined ? [] : [matcherOfAlert(options.alert)]),
    ...options.matcher.map(readMatcher),
  ];
  if (matchers.length === 0) {
    throw usageError(
      'Say which alerts: --alert QueueDepthWarning, or --matcher skill=http_request.',
    );
  }
  const silence = {
    matchers,
    startsAt: new Date(now).toISOString(),
    endsAt: endOf(options.for, now),
    createdBy: authorOf(context, options.author),
    comment: reasonOf(options.reason),
  };
  const alertmanager = await context.alertmanager();
  const made = await alertmanager.create(silence);
  const held = await alertmanager.heldBackBy(made.id);
  present(context, made, (cleaned) => createdLines(cleaned, held, context.program));
  return exitCodes.ok;
}

export async function list(context: Context, { all = false }: ListOptions): Promise<ExitCode> {
  const alertmanager = await context.alertmanager();
  const items = (await alertmanager.silences())
    .filter(({ status }) => all || status.state !== 'expired')
    .toSorted((a, b) => Date.parse(a.endsAt) - Date.parse(b.endsAt));
  present(context, { items }, (cleaned) => silenceLines(context, cleaned.items, Date.now()));
  return exitCodes.ok;
}

export async function expire(context: Context, id: string): Promise<ExitCode> {
  const alertmanager = await context.alertmanager();
  const known = await alertmanager.silence(id);
  const ended = known.status.state === 'expired';
  if (!ended) await alertmanager.expire(id);
  present(context, ended ? known : await alertmanager.silence(id), (after: Silence) => [
    ended
      ? `Silence ${after.id} had ended before, at ${moment(after.endsAt)}.`
      : `Silence ${after.id} has ended. What it held back and still fires is told now.`,
  ]);
  return exitCodes.ok;
}

/** The watchdog is heard by a machine that alarms when it hears nothing. */
function matcherOfAlert(name: string) {
  if (name === 'Watchdog') {
    throw usageError('The watchdog cannot be silenced: its silence is an alarm.');
  }
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return readMatcher(`alertname=${name}`);
  throw usageError(
    `--alert needs the name of one alert, such as QueueDepthWarning, not ${JSON.stringify(name)}. For several, use --matcher 'alertname=~"Queue.*"'.`,
  );
}

function endOf(span: string, now: number): string {
  const end = readTime(span, 1, now, '--for');
  const ms = Date.parse(end) - now;
  if (ms > 0 && ms <= DAYS_MAX * DAY_MS) return end;
  throw usageError(
    `--for must lie ahead, and no more than ${DAYS_MAX} days: a silence is not for ever.`,
  );
}

function authorOf({ user }: Context, given: string | undefined): string {
  const author = (given ?? user ?? '').trim();
  if (author !== '') return author;
  throw usageError('Say who you are, for those who ask: --author "Ann".');
}

function reasonOf(given: string): string {
  const reason = given.trim();
  if (reason !== '' && reason.length <= REASON_CHARACTERS_MAX) return reason;
  throw usageError(`--reason needs words, ${REASON_CHARACTERS_MAX} characters at the most.`);
}
