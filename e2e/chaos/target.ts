import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Random } from './random.ts';

/** The outside world: does what it is asked, writes down what it did, and is not always well. */
export interface Target extends AsyncDisposable {
  readonly port: number;
  readonly attempts: readonly Attempt[];
  /** How often a request goes wrong, from 0 to 1. */
  trouble: number;
  /** The longest time an answer takes. */
  latencyMs: number;
  /** Writes the effects log; `runOf` gives the run of a token. */
  writeLog(file: string, runOf: ReadonlyMap<string, string>): number;
}

export interface Attempt {
  readonly at: number;
  readonly token: string;
  readonly step: string;
  readonly class: 'read' | 'keyed' | 'unkeyed';
  readonly key?: string;
  applied: boolean;
}

/** The name that plans know it by; workers are told where it is. */
export const TARGET_HOST = 'target.test';

const CLASSES = { GET: 'read', PUT: 'keyed', POST: 'unkeyed' } as const;

/**
 * `/<token>/<step>`: GET reads, PUT changes something that is known by its address, POST something that
 * nobody knows again. A busy or failing answer means that nothing happened; a reset means nothing.
 */
export async function startTarget(random: Random): Promise<Target> {
  const attempts: Attempt[] = [];
  const applied = new Set<string>();
  const target = { trouble: 0.06, latencyMs: 60 };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [, token = '', step = ''] = (request.url ?? '').split('/');
    const kind = CLASSES[request.method as keyof typeof CLASSES] ?? 'read';
    const header = request.headers['idempotency-key'];
    const key =
      kind === 'keyed' ? `${token}/${step}` : typeof header === 'string' ? header : undefined;
    const attempt: Attempt = {
      at: Date.now(),
      token,
      step: decodeURIComponent(step),
      class: kind,
      ...(key !== undefined && { key }),
      applied: false,
    };
    attempts.push(attempt);
    request.resume();
    // Somebody who is out for a while, and comes back to nobody.
    if (step === 'hang') return;
    await sleep(random.between(2, target.latencyMs));
    const act = () => {
      attempt.applied = kind === 'unkeyed' || (kind === 'keyed' && !applied.has(key ?? ''));
      if (attempt.applied && key !== undefined) applied.add(key);
    };
    if (!random.chance(target.trouble)) {
      act();
      return reply(response, 200, { token, step, id: randomUUID() });
    }
    await misbehave(random, response, act);
  };
  const server = createServer(
    (request, response) => void answer(request, response).catch(() => {}),
  );
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  return Object.assign(target, {
    port: (server.address() as AddressInfo).port,
    attempts,
    writeLog(file: string, runOf: ReadonlyMap<string, string>) {
      const lines = attempts.flatMap(({ at, token, step, class: kind, key, applied: done }) => {
        const run = runOf.get(token);
        return run ? [JSON.stringify({ t: at, run, step, key, applied: done, class: kind })] : [];
      });
      writeFileSync(file, `${lines.join('\n')}\n`);
      return lines.length;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

async function misbehave(random: Random, response: ServerResponse, act: () => void): Promise<void> {
  switch (random.between(0, 3)) {
    case 0:
      return reply(response, 500, {});
    case 1:
      response.setHeader('retry-after', '0');
      return reply(response, 429, {});
    case 2:
      await sleep(random.between(200, 900));
      act();
      return reply(response, 200, { slow: true });
    default:
      if (random.chance(0.5)) act();
      response.socket?.resetAndDestroy();
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
