import { setTimeout as sleep } from 'node:timers/promises';

import { startService, type ServiceOptions, type ServiceProcess } from '../process.ts';

/** A place in which a process runs; another one takes it when that one ends. */
export interface Place {
  readonly kind: 'api' | 'worker';
  readonly env: Readonly<Record<string, string>>;
  readonly options?: ServiceOptions;
}

export interface Member extends Place {
  readonly process: ServiceProcess;
  paused: boolean;
  /** What takes its place when it ends; the same again when left out. */
  next?: Place;
}

/** All processes of an AOS, each started again when it ends, as a launcher does. */
export interface Fleet extends AsyncDisposable {
  /** Those that live and are ready. */
  members(kind?: 'api' | 'worker'): Member[];
  /** Addresses of the APIs that live. */
  urls(): string[];
  readonly starts: number;
  /** Everything that every process said. */
  log(): string;
  /** A further place; resolves when its first process is ready. */
  add(place: Place): Promise<Member>;
  /** A process that has no place: when it ends, it is gone. */
  once(place: Place): Promise<ServiceProcess>;
  /** Ends all of a kind and starts none again until `resume`. */
  halt(kind: 'api' | 'worker', signal: NodeJS.Signals): Promise<void>;
  resume(): void;
}

const RESTART_MS = 150;
/** Even on a busy machine a process is there by then, or it never will be. */
const FIRST_MS = 90_000;

export function createFleet(): Fleet {
  const members = new Set<Member>();
  const extras = new Set<ServiceProcess>();
  const logs: string[] = [];
  const state = { closing: false, starts: 0, halted: new Set<string>() };
  const keepers: Promise<void>[] = [];

  return {
    members: (kind) => [...members].filter((one) => !kind || one.kind === kind),
    urls: () =>
      [...members]
        .filter(({ kind }) => kind === 'api')
        .map(({ process: { port } }) => `http://127.0.0.1:${port}`),
    get starts() {
      return state.starts;
    },
    log: () => [...logs, ...[...members].map(({ process: one }) => one.log())].join('\n'),
    add: (place) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`${place.kind}: ${logs.at(-1)}`)), FIRST_MS);
        keepers.push(
          keep({ members, logs, state }, place, (member) => {
            clearTimeout(late);
            resolve(member);
          }),
        );
      }),
    async once(place) {
      const started = await startService(place.kind, place.env, {
        ...place.options,
        waitReady: false,
      });
      extras.add(started);
      void started.exited.then(() => {
        extras.delete(started);
        logs.push(started.log());
      });
      return started;
    },
    async halt(kind, signal) {
      state.halted.add(kind);
      const those = [...members].filter((one) => one.kind === kind);
      for (const { process: one } of those) one.kill(signal);
      await Promise.all(those.map(({ process: one }) => one.exited));
    },
    resume: () => state.halted.clear(),
    async [Symbol.asyncDispose]() {
      state.closing = true;
      await Promise.all([...members].map((one) => one.process[Symbol.asyncDispose]()));
      await Promise.all([...extras].map((one) => one[Symbol.asyncDispose]()));
      // Whatever was being started when we began to close.
      while (members.size > 0) {
        await Promise.all([...members].map((one) => one.process[Symbol.asyncDispose]()));
      }
      await Promise.race([Promise.all(keepers), sleep(25_000, undefined, { ref: false })]);
    },
  };
}

/** Who there is, what they said, and what is wanted of them. */
interface Crew {
  readonly members: Set<Member>;
  readonly logs: string[];
  readonly state: { readonly closing: boolean; starts: number; readonly halted: Set<string> };
}

/** Starts the process of a place again and again, until the fleet closes. */
async function keep(
  { members, logs, state }: Crew,
  first: Place,
  ready: (member: Member) => void,
): Promise<void> {
  let place = first;
  while (!state.closing) {
    if (state.halted.has(place.kind)) {
      await sleep(RESTART_MS);
      continue;
    }
    state.starts++;
    const started = await startService(place.kind, place.env, place.options).catch(
      (error: unknown) => void logs.push(String(error)),
    );
    if (started) {
      const member: Member = { ...place, process: started, paused: false };
      members.add(member);
      ready(member);
      await started.exited;
      members.delete(member);
      place = member.next ?? place;
      logs.push(started.log());
    }
    await sleep(RESTART_MS);
  }
}
