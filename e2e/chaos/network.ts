import { execFileSync, spawnSync } from 'node:child_process';

import { startProxy, type Proxy } from './proxy.ts';
import { TARGET_HOST } from './target.ts';
import type { PlaceHow, World } from './world.ts';

/** A machine of its own, as far as the network goes: a namespace at the end of a wire. */
export interface Network extends AsyncDisposable {
  /** How a process is put into it. */
  readonly how: PlaceHow;
  /** The wire is pulled out: nothing comes, nothing goes, and nobody is told. */
  pull(): void;
  plug(): void;
}

/** Why there can be none here; undefined when there can. */
export function networkMissing(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const name = `aosprobe${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name]);
  if (made.error) return 'the program `ip` (iproute2) is missing';
  if (made.status !== 0) return `ip netns: ${String(made.stderr).trim()}`;
  spawnSync('ip', ['netns', 'delete', name]);
  return undefined;
}

let networks = 0;

function ip(...words: string[]): void {
  execFileSync('ip', words);
}

export async function buildNetwork(world: World): Promise<Network> {
  const n = (process.pid * 7 + networks++) % 200;
  const [name, outer, inner] = [`aos${process.pid}n${n}`, `aosv${n}h`, `aosv${n}w`];
  const [host, guest] = [`10.231.${n}.1`, `10.231.${n}.2`];
  ip('netns', 'add', name);
  let proxy: Proxy;
  try {
    ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner);
    ip('link', 'set', inner, 'netns', name);
    ip('address', 'add', `${host}/30`, 'dev', outer);
    ip('link', 'set', outer, 'up');
    ip('-n', name, 'address', 'add', `${guest}/30`, 'dev', inner);
    ip('-n', name, 'link', 'set', inner, 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
    proxy = await startProxy({ host: '127.0.0.1', port: world.server.port }, host);
  } catch (error) {
    spawnSync('ip', ['netns', 'delete', name]);
    throw error;
  }
  const url = new URL(world.databaseUrl);
  url.hostname = host;
  url.port = String(proxy.port);
  return {
    how: {
      env: {
        DATABASE_URL: url.href,
        AOS_CONNECT_TO: `${TARGET_HOST}=${host}:${world.target.port}`,
        AOS_ALLOW_PRIVATE_HOSTS: `${host}:${world.target.port}`,
      },
      options: { within: ['ip', 'netns', 'exec', name] },
    },
    pull: () => ip('link', 'set', outer, 'down'),
    plug: () => ip('link', 'set', outer, 'up'),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      // The wire goes with the namespace.
      spawnSync('ip', ['netns', 'delete', name]);
      spawnSync('ip', ['link', 'delete', outer]);
    },
  };
}
