import { setTimeout as sleep } from 'node:timers/promises';

import type { Answer, Ports, Reading } from '@aos/runbooks';
import { ApiError, type Client } from '@aos/sdk';

import { CommandError, usageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { runCommand } from '../run-command.ts';
import { clean, oneLine } from '../text/clean.ts';

export interface PortOptions {
  /** Confirms every act but the careful ones. */
  readonly yes: boolean;
  /** The ids of acts that are confirmed, careful or not. */
  readonly confirmed: readonly string[];
  readonly allowCommands: boolean;
  /** What the commands say. */
  readonly logFile: string;
}

const PROMETHEUS_TIMEOUT_MS = 10_000;

/** The API, Prometheus, the terminal and this machine, as a walk sees them. */
export async function runbookPorts(
  context: Context,
  options: PortOptions,
): Promise<Omit<Ports, 'record'>> {
  const client = await context.connect();
  const prometheus = prometheusOf(context);
  return {
    now: () => new Date(),
    pause: (ms) => sleep(ms),
    get: (path) => read(() => client.call('GET', path)),
    exposition: () => read(async () => String(await client.call('GET', '/metrics'))),
    promql: (query) => askPrometheus(prometheus, query),
    confirm: async ({ step, say, what, scope, radius, careful }) => {
      context.say('');
      context.say(`  ${clean(say)}`);
      context.say(`    does:    ${clean(what)}`);
      if (scope !== undefined) context.say(`    scope:   ${scope}`);
      context.say(`    reaches: ${clean(radius)}`);
      if (options.confirmed.includes(step) || (options.yes && !careful)) return true;
      const answer = await context.ask('  Do it? [y/N] ');
      if (answer === undefined)
        context.say(`Nobody is there to confirm it; --confirm ${step} would.`);
      return /^y(es)?$/i.test(answer?.trim() ?? '');
    },
    call: (method, path, body) => call(client, method, path, body),
    command: async (words, background) => {
      if (!options.allowCommands) {
        context.say('  Paste it into a terminal; --allow-commands would have executed it.');
        return { result: 'shown' };
      }
      return runCommand(words, {
        background,
        logFile: options.logFile,
        environment: context.apiEnvironment(),
      });
    },
  };
}

async function read<T>(ask: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { ok: true, value: await ask() };
  } catch (error) {
    return { ok: false, why: reasonOf(error) };
  }
}

async function call(client: Client, method: string, path: string, body: unknown): Promise<Answer> {
  try {
    await client.call(method as 'POST', path, body);
    return { result: 'done' };
  } catch (error) {
    const refused = error instanceof ApiError && error.status < 500;
    return { result: refused ? 'refused' : 'failed', detail: reasonOf(error) };
  }
}

/** Anything but a sentence of the API or about the connection is a fault of this program. */
function reasonOf(error: unknown): string {
  if (error instanceof ApiError) {
    return `${error.status} ${oneLine(error.code)}: ${oneLine(error.detail)}`;
  }
  if (error instanceof CommandError) return error.message;
  if (error instanceof TypeError && error.message === 'fetch failed') {
    return 'the connection to the API broke';
  }
  throw error;
}

function prometheusOf(context: Context): string | undefined {
  const url = context.surroundings().environment['PROMETHEUS_URL']?.trim();
  if (!url) return undefined;
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url.replace(/\/+$/, '');
  throw usageError('PROMETHEUS_URL must begin with http:// or https://.');
}

interface QueryAnswer {
  readonly data?: { readonly resultType?: string; readonly result?: unknown };
  readonly error?: string;
}

/** Of several series it is the largest value, and how many there are is told. */
async function askPrometheus(
  url: string | undefined,
  query: string,
): Promise<Reading<number | null>> {
  if (url === undefined) return { ok: false, why: 'PROMETHEUS_URL is not set', lasting: true };
  let answer: QueryAnswer;
  try {
    const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`, {
      signal: AbortSignal.timeout(PROMETHEUS_TIMEOUT_MS),
    });
    answer = (await response.json()) as QueryAnswer;
  } catch {
    return { ok: false, why: `Prometheus at ${new URL(url).origin} does not answer` };
  }
  const { resultType, result } = answer.data ?? {};
  if (resultType === 'scalar') return { ok: true, value: Number((result as [number, string])[1]) };
  if (resultType !== 'vector')
    return { ok: false, why: `Prometheus: ${oneLine(answer.error ?? '')}` };
  const values = (result as { readonly value: readonly [number, string] }[]).map(({ value }) =>
    Number(value[1]),
  );
  if (values.length === 0) return { ok: true, value: null };
  const detail = values.length > 1 ? { detail: `the largest of ${values.length} series` } : {};
  return { ok: true, value: Math.max(...values), ...detail };
}
