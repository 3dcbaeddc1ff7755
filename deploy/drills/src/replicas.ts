import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startProgram, type Program } from './program.ts';

export type Kind = 'api' | 'worker';

/** A process of a service. */
export interface Replica {
  readonly kind: Kind;
  readonly program: Program;
  readonly port: number;
}

/** The services of the scratch stack. Those that a runbook starts are not among them. */
export interface Replicas extends AsyncDisposable {
  /** Dead ones included, oldest first. */
  of(kind: Kind): readonly Replica[];
  start(kind: Kind, env?: Readonly<Record<string, string>>): Promise<Replica>;
  /** Those that live get this signal, and are waited for when it ends them. */
  kill(kind: Kind, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGTERM'): Promise<void>;
}

export interface ReplicasOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly apiPort: number;
}

const MAIN = {
  api: fileURLToPath(new URL('../../../services/api/src/main.ts', import.meta.url)),
  worker: fileURLToPath(new URL('../../../services/worker/src/main.ts', import.meta.url)),
};

export function openReplicas({ folder, env, apiPort }: ReplicasOptions): Replicas {
  const programs: Program[] = [];
  const all: Replica[] = [];
  const of = (kind: Kind) => all.filter((replica) => replica.kind === kind);
  return {
    of,
    async start(kind, more = {}) {
      const port = kind === 'api' ? { PORT: `${apiPort}` } : { WORKER_PORT: '0' };
      const number = of(kind).length + 1;
      const program = startProgram({
        name: `${kind}-${number}`,
        command: [process.execPath, MAIN[kind]],
        env: { ...env, ...port, ...more },
        logFile: join(folder, `${kind}-${number}.log`),
      });
      programs.push(program);
      try {
        const message = (await program.told) as { readonly port: number };
        const replica = { kind, program, port: message.port };
        all.push(replica);
        return replica;
      } catch (error) {
        await program[Symbol.asyncDispose]();
        throw error;
      }
    },
    async kill(kind, signal) {
      const living = of(kind).filter(({ program }) => program.lives);
      for (const { program } of living) program.kill(signal);
      if (signal !== 'SIGSTOP') await Promise.all(living.map(({ program }) => program.gone));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(programs.map((program) => program[Symbol.asyncDispose]()));
    },
  };
}
