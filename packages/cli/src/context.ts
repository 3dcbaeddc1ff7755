import type { Client } from '@aos/sdk';

import type { Alertmanager } from './alertmanager.ts';

/** Where the results go. */
export interface Screen {
  /** Colour and repainting are welcome: a terminal, and nobody asked for plain text. */
  readonly rich: boolean;
  /** Infinity when it is no terminal: nothing is cut or wrapped to a width then. */
  readonly columns: number;
  readonly rows: number;
  write(content: string | Uint8Array): void;
}

/** What is around this program. */
export interface Surroundings {
  readonly apiUrl: string;
  /** The folder of a local stack. */
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** All that a command may touch of the machine. */
export interface Context {
  readonly out: Screen;
  /** Print one JSON document and nothing else. */
  readonly json: boolean;
  /** How the user calls this program, for hints that can be pasted. */
  readonly program: string;
  /** Where relative file names begin. */
  readonly folder: string;
  /** A line on stderr. */
  say(sentence: string): void;
  /** The line that somebody types; undefined when nobody is there. */
  ask(question: string): Promise<string | undefined>;
  /** From the first call on, Ctrl-C aborts this signal instead of ending the process. */
  interruption(): AbortSignal;
  connect(): Promise<Client>;
  /** Who is logged in at the machine; undefined when it does not say. */
  readonly user: string | undefined;
  alertmanager(): Promise<Alertmanager>;
  /** The database itself, for what cannot be asked of the API. */
  databaseUrl(given: string | undefined): string;
  /**
   * Lets another program of this workspace go on with the terminal, told where the API is and the key;
   * resolves with its exit code. Ctrl-C is for it to heed.
   */
  handOver(program: URL, args: readonly string[]): Promise<number>;
  /** The same for a program that does not speak to the API, which may not even run. */
  handOverAlone(program: URL, args: readonly string[]): Promise<number>;
  /** The environment of a program that is to find the same API with the same key. */
  apiEnvironment(): Readonly<Record<string, string | undefined>>;
  /** Where a program that examines all of it finds what it needs. */
  surroundings(): Surroundings;
  /** For what needs no key. */
  connectWithoutKey(): Promise<{ readonly client: Client; readonly url: string }>;
}
