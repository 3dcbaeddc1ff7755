import { once } from 'node:events';

import type { StoredEvent } from '@aos/core';
import { events, runs } from '@aos/store';
import type { Response } from 'express';

import { eventResource } from './event-resource.ts';
import type { Answer, Call } from './route.ts';
import type { Services } from './services.ts';

const HEARTBEAT_MS = 15_000;
/** More than this waiting for a slow reader ends the stream; it may resume where it was. */
const BUFFER_BYTES_MAX = 1024 * 1024;
const CLIENT_RETRY_MS = 2_000;

/** Follows a run from behind `after` as server-sent events, until its last event or until it is cut. */
export async function streamRun(
  call: Call,
  services: Services,
  runId: string,
  after: number,
): Promise<Answer> {
  const { tenant } = call.caller;
  const over = await services.database.actingFor([tenant], async (tx) => {
    const { run } = await runs.get(tx, runId);
    // The state first: once it says finished, all events are there.
    return run.state.status === 'finished' && (await events.list(tx, runId, after, 1)).length === 0;
  });
  return {
    async stream(response) {
      open(response);
      if (over) response.end(END);
      else await follow(call, services, { tenant, runId, after }, response);
    },
  };
}

const END = 'event: end\ndata: {}\n\n';

async function follow(
  call: Call,
  services: Services,
  position: events.Position,
  response: Response,
): Promise<void> {
  const waiting: StoredEvent[] = [];
  const closed = once(response, 'close');
  const watcher = services.watch.watch(position, (news) => {
    waiting.push(...news);
    pump();
    return waiting.length === 0;
  });
  /** Writes while the reader keeps up; what it does not take waits here, a page at most. */
  const pump = (): void => {
    while (waiting.length > 0 && !response.writableNeedDrain && !response.writableEnded) {
      const event = waiting.shift() as StoredEvent;
      response.write(format(event));
      if (event.event.type === 'run.finished') response.end(END);
    }
    if (response.writableLength > BUFFER_BYTES_MAX) response.destroy();
  };
  response.on('drain', () => {
    pump();
    if (waiting.length === 0) watcher.resume();
  });
  const heart = setInterval(() => void beat(call, services, response), HEARTBEAT_MS);
  const stop = (): void => void response.end();
  services.stopping.addEventListener('abort', stop);
  if (services.stopping.aborted) stop();
  await closed;
  clearInterval(heart);
  services.stopping.removeEventListener('abort', stop);
  watcher.close();
}

/** Keeps the way open; ends the stream of a key that opens nothing any more, or of a dead reader. */
async function beat({ request }: Call, services: Services, response: Response): Promise<void> {
  if (response.writableNeedDrain) {
    response.destroy();
    return;
  }
  try {
    await services.authenticator.callerOf(request.headers.authorization);
    if (!response.writableEnded) response.write(': still here\n\n');
  } catch {
    response.end();
  }
}

function open(response: Response): void {
  response.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
  });
  response.write(`retry: ${CLIENT_RETRY_MS}\n\n`);
}

function format(event: StoredEvent): string {
  return `id: ${event.seq}\ndata: ${JSON.stringify(eventResource(event))}\n\n`;
}
