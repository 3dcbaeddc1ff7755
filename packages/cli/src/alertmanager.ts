import { problemsOf, type FromSchema, type JsonSchema } from '@aos/core';

import { connectionError, usageError } from './command-error.ts';
import { reasonOf } from './guarded-fetch.ts';
import { oneLine } from './text/clean.ts';

const matcherSchema = {
  type: 'object',
  required: ['name', 'value', 'isRegex'],
  properties: {
    name: { type: 'string' },
    value: { type: 'string' },
    isRegex: { type: 'boolean' },
    isEqual: { type: 'boolean' },
  },
} as const satisfies JsonSchema;

/** Of a silence, what is shown; Alertmanager tells more. */
const silenceSchema = {
  type: 'object',
  required: ['id', 'status', 'matchers', 'startsAt', 'endsAt', 'createdBy', 'comment'],
  properties: {
    id: { type: 'string' },
    status: {
      type: 'object',
      required: ['state'],
      properties: { state: { enum: ['active', 'pending', 'expired'] } },
    },
    matchers: { type: 'array', items: matcherSchema },
    startsAt: { type: 'string', format: 'date-time' },
    endsAt: { type: 'string', format: 'date-time' },
    createdBy: { type: 'string' },
    comment: { type: 'string' },
  },
} as const satisfies JsonSchema;

const createdSchema = {
  type: 'object',
  required: ['silenceID'],
  properties: { silenceID: { type: 'string' } },
} as const satisfies JsonSchema;

const listSchema = { type: 'array', items: silenceSchema } as const satisfies JsonSchema;
const alertsSchema = { type: 'array' } as const satisfies JsonSchema;

export type Silence = FromSchema<typeof silenceSchema>;
export type Matcher = FromSchema<typeof matcherSchema>;

export interface NewSilence {
  readonly matchers: readonly Matcher[];
  readonly startsAt: string;
  readonly endsAt: string;
  readonly createdBy: string;
  readonly comment: string;
}

/** What commands ask of Alertmanager, by its API v2. */
export interface Alertmanager {
  silences(): Promise<readonly Silence[]>;
  silence(id: string): Promise<Silence>;
  create(silence: NewSilence): Promise<Silence>;
  expire(id: string): Promise<void>;
  /** How many alerts fire that a silence holds back. */
  heldBackBy(id: string): Promise<number>;
}

const TIMEOUT_MS = 10_000;

export function alertmanagerAt(url: string): Alertmanager {
  const ask = (path: string, init?: RequestInit) => answerOf(url, `/api/v2${path}`, init);
  const silence = async (id: string) =>
    checked(url, silenceSchema, await ask(`/silence/${encodeURIComponent(id)}`)) as Silence;
  return {
    silence,
    silences: async () => checked(url, listSchema, await ask('/silences')) as readonly Silence[],
    async create(body) {
      const made = await ask('/silences', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const { silenceID } = checked(url, createdSchema, made) as FromSchema<typeof createdSchema>;
      return silence(silenceID);
    },
    async expire(id) {
      await ask(`/silence/${encodeURIComponent(id)}`, { method: 'DELETE' });
    },
    async heldBackBy(id) {
      const held = await ask(
        '/alerts?active=false&silenced=true&inhibited=false&unprocessed=false',
      );
      const alerts = checked(url, alertsSchema, held) as readonly {
        readonly status?: { readonly silencedBy?: readonly string[] };
      }[];
      return alerts.filter(({ status }) => status?.silencedBy?.includes(id)).length;
    },
  };
}

async function answerOf(url: string, path: string, init: RequestInit = {}): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url + path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const reason = error instanceof TypeError ? reasonOf(error) : 'no answer in time';
    throw connectionError(
      `Alertmanager at ${url} cannot be reached (${reason}). Name the right one with ALERTMANAGER_URL.`,
      error,
    );
  }
  const text = await response.text();
  if (response.ok) return text === '' ? undefined : parsed(text);
  const detail = oneLine(messageOf(text)) || `HTTP ${response.status}`;
  if (response.status >= 500 || response.status === 401 || response.status === 403) {
    throw connectionError(`Alertmanager at ${url} refuses (${response.status}): ${detail}`);
  }
  const words = response.status === 404 ? 'knows nothing of it' : 'does not take it';
  throw usageError(`Alertmanager ${words} (${response.status}): ${detail}`);
}

/** Refusals are JSON: a sentence, or an object with one. */
function messageOf(text: string): string {
  const value = parsed(text);
  if (typeof value === 'string') return value;
  const { message } = (value ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' ? message : '';
}

function checked(url: string, schema: JsonSchema, value: unknown): unknown {
  if (problemsOf(schema, value).length === 0) return value;
  throw connectionError(
    `${url} answers, but not as Alertmanager does. Name the right address with ALERTMANAGER_URL.`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
