import { createServer, connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A wire between a client and the database that can be hurt. */
export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** Every packet comes so much later, in both directions. */
  delay(ms: number): void;
  /** Nothing passes any more, and nobody is told; until `heal`. `which` picks connections. */
  stall(which?: (link: Link) => boolean): number;
  /** Both sides see the end of the connection. Returns how many were cut. */
  cut(): number;
  /** The next so many commits arrive, and their answers do not. */
  swallow(commits: number): void;
  readonly swallowed: number;
  /** Whether nothing passes. */
  readonly dead: boolean;
  heal(): void;
}

/** What is known of one connection. */
export interface Link {
  /** It waits for notices. */
  readonly listens: boolean;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  listens: boolean;
  stalled: boolean;
  /** The answer to what was sent last gets lost. */
  deaf: boolean;
}

const COMMIT = /commit\0|insert into aos\.events/i;

export async function startProxy(
  upstream: { readonly host: string; readonly port: number },
  host = '127.0.0.1',
): Promise<Proxy> {
  const pairs = new Set<Pair>();
  const state = { delayMs: 0, stallNew: false, toSwallow: 0, swallowed: 0 };
  const server = createServer((client) => {
    const pair: Pair = {
      client,
      server: connect(upstream.port, upstream.host),
      listens: false,
      stalled: state.stallNew,
      deaf: false,
    };
    pairs.add(pair);
    join(pair, state, () => pairs.delete(pair));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    delay: (ms) => void (state.delayMs = ms),
    stall(which) {
      if (!which) state.stallNew = true;
      const hit = [...pairs].filter((pair) => !which || which(pair));
      for (const pair of hit) pair.stalled = true;
      return hit.length;
    },
    cut() {
      const { size } = pairs;
      for (const pair of pairs) end(pair);
      return size;
    },
    swallow: (commits) => void (state.toSwallow += commits),
    get swallowed() {
      return state.swallowed;
    },
    get dead() {
      return state.stallNew;
    },
    heal() {
      Object.assign(state, { delayMs: 0, stallNew: false, toSwallow: 0 });
      // What was lost on a dead wire stays lost: its ends find out now.
      for (const pair of pairs) if (pair.stalled) end(pair);
    },
    async [Symbol.asyncDispose]() {
      for (const pair of pairs) end(pair);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Wire {
  delayMs: number;
  toSwallow: number;
  swallowed: number;
}

function join(pair: Pair, wire: Wire, done: () => void): void {
  const { client, server } = pair;
  for (const socket of [client, server]) {
    socket.setNoDelay(true);
    socket.on('error', () => end(pair));
    socket.on('close', () => {
      end(pair);
      done();
    });
  }
  client.on('data', (chunk) => {
    const text = chunk.toString('latin1');
    if (/\0?listen aos_/i.test(text)) pair.listens = true;
    if (wire.toSwallow > 0 && !pair.stalled && COMMIT.test(text)) {
      wire.toSwallow--;
      wire.swallowed++;
      pair.deaf = true;
    }
    pass(pair, wire, server, chunk);
  });
  server.on('data', (chunk) => {
    if (!pair.deaf) return pass(pair, wire, client, chunk);
    // The answer is here, so it stands; the other side will never know.
    end(pair);
  });
}

function pass(pair: Pair, { delayMs }: Wire, to: Socket, chunk: Buffer): void {
  if (pair.stalled) return;
  if (delayMs === 0) {
    to.write(chunk);
    return;
  }
  setTimeout(() => {
    if (!pair.stalled && !to.destroyed) to.write(chunk);
  }, delayMs);
}

function end({ client, server }: Pair): void {
  client.destroy();
  server.destroy();
}
