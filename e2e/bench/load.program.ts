import { connect, type Socket } from 'node:net';

import { perform } from './perform.ts';

/** What the load generator is to do, as JSON on its command line. */
export interface LoadOrder {
  readonly port: number;
  readonly path: string;
  readonly body: string;
  /** Sent in turn, since a caller may send only so many requests a second. Empty: without a key. */
  readonly keys: readonly string[];
  readonly connections: number;
  /** Ends after so many requests. */
  readonly count: number;
}

export interface LoadReport {
  /** Answers with 2xx. */
  readonly accepted: number;
  /** Other answers, by status. */
  readonly others: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly latenciesMs: readonly number[];
}

/**
 * Requests over kept connections, each one waiting for its answer: HTTP/1.1 as a few bytes, so that the
 * generator takes as little as possible of the machine it shares with what it measures.
 */
await perform(async () => {
  const order = JSON.parse(process.argv[2] ?? '') as LoadOrder;
  const requests = requestsOf(order);
  const sockets = await Promise.all(
    Array.from({ length: order.connections }, () => open(order.port)),
  );
  return async (): Promise<LoadReport> => {
    const latenciesMs: number[] = [];
    const statuses = new Map<number, number>();
    let next = 0;
    const startedAt = performance.now();
    const loop = async (socket: Socket) => {
      const answers = createAnswers(socket);
      while (next < order.count) {
        const request = requests[next++ % requests.length] as Buffer;
        const sentAt = performance.now();
        const status = await answers.ask(request);
        latenciesMs.push(performance.now() - sentAt);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(sockets.map(loop));
    const good = [...statuses].filter(([status]) => isGood(status));
    return {
      accepted: good.reduce((sum, [, times]) => sum + times, 0),
      others: Object.fromEntries([...statuses].filter(([status]) => !isGood(status))),
      seconds: (performance.now() - startedAt) / 1000,
      latenciesMs,
    };
  };
});

function requestsOf({ path, body, keys }: LoadOrder): Buffer[] {
  const headers = (key: string | undefined) =>
    [
      `POST ${path} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...(key === undefined ? [] : [`Authorization: Bearer ${key}`]),
    ].join('\r\n');
  const all: readonly (string | undefined)[] = keys.length > 0 ? keys : [undefined];
  return all.map((key) => Buffer.from(`${headers(key)}\r\n\r\n${body}`));
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** One request at a time; resolves with the status when the whole answer is there. */
function createAnswers(socket: Socket) {
  let buffered = Buffer.alloc(0);
  let waiting: { resolve: (status: number) => void; reject: (error: Error) => void } | undefined;
  socket.on('data', (chunk) => {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
    const end = buffered.indexOf('\r\n\r\n');
    if (end === -1) return;
    const head = buffered.toString('latin1', 0, end);
    const length = /^content-length: *(\d+)/im.exec(head)?.[1];
    if (length === undefined)
      return waiting?.reject(new Error(`An answer without a length: ${head}`));
    const size = end + 4 + Number(length);
    if (buffered.length < size) return;
    buffered = buffered.subarray(size);
    waiting?.resolve(Number(head.slice(9, 12)));
  });
  const lost = () => waiting?.reject(new Error('The connection was closed.'));
  socket.on('close', lost);
  socket.on('error', lost);
  return {
    ask: (request: Buffer) =>
      new Promise<number>((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(request);
      }),
  };
}

function isGood(status: number): boolean {
  return status >= 200 && status < 300;
}
