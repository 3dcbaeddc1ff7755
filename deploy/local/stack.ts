import { fileURLToPath } from 'node:url';

import type { LocalConfig } from '@aos/config';
import type { AosError } from '@aos/core';

import { serviceEnvironment } from './environment.ts';
import type { Home } from './home.ts';
import type { Installation } from './installation.ts';
import { startService, type Service } from './service.ts';

/** The services of one installation, all ready. */
export interface Stack {
  /** Where the API answers. */
  readonly url: string;
  stop(): Promise<void>;
  killNow(): void;
}

export interface StackOptions {
  readonly config: LocalConfig;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: Home;
  readonly installation: Installation;
  /** Private addresses that workers may reach, beside the user's. */
  readonly allowHosts: readonly string[];
  readonly onGivenUp: (reason: AosError) => void;
  readonly say: (line: string) => void;
  /** In the place of the real ones: tests. */
  readonly programs?: { readonly api: string; readonly worker: string };
}

const GRACE_MS = 15_000;
const PROGRAMS = {
  api: fileURLToPath(new URL('../../services/api/src/main.ts', import.meta.url)),
  worker: fileURLToPath(new URL('../../services/worker/src/main.ts', import.meta.url)),
};

/** Starts the API and the workers side by side; when one cannot start, none stays. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { config } = options;
  const starting = [
    start('api', 'api', options),
    ...Array.from({ length: config.workers }, (_, index) =>
      start(`worker-${index + 1}`, 'worker', options),
    ),
  ];
  const settled = await Promise.allSettled(starting);
  const services = settled.flatMap((result) =>
    result.status === 'fulfilled' ? [result.value] : [],
  );
  const stop = async (graceMs: number): Promise<void> => {
    await Promise.all(services.map((service) => service.stop(graceMs)));
  };
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed) {
    await stop(GRACE_MS);
    throw failed.reason;
  }
  const host = ['0.0.0.0', '::'].includes(config.host) ? '127.0.0.1' : config.host;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${services[0]?.port}`,
    stop: () => stop(GRACE_MS),
    killNow() {
      for (const service of services) service.killNow();
    },
  };
}

function start(name: string, kind: 'api' | 'worker', options: StackOptions): Promise<Service> {
  const { home, say, onGivenUp, programs = PROGRAMS } = options;
  return startService({
    name,
    program: programs[kind],
    env: serviceEnvironment(kind, options.environment, ownSettings(kind, options)),
    logFile: home.path('logs', `${name}.log`),
    onGivenUp,
    onRestart: () => say(`The ${name} ended unexpectedly and is started again.`),
  });
}

function ownSettings(
  kind: 'api' | 'worker',
  { config, home, installation, allowHosts }: StackOptions,
): Record<string, string> {
  if (kind === 'api') {
    return {
      AOS_HOME: home.dir,
      DATABASE_URL: installation.apiUrl,
      PORT: String(config.port),
    };
  }
  const { queryConnections } = installation;
  return {
    AOS_HOME: home.dir,
    DATABASE_URL: installation.workerUrl,
    WORKER_PORT: '0', // several cannot share one port
    AOS_ALLOW_PRIVATE_HOSTS: [...config.allowPrivateHosts, ...allowHosts].join(','),
    ...(queryConnections &&
      !config.hasQueryConnections && { AOS_QUERY_CONNECTIONS: JSON.stringify(queryConnections) }),
  };
}
