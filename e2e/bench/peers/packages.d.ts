// What the programs of peers use of packages that are not installed with AOS.

declare module '@dbos-inc/dbos-sdk' {
  export const DBOS: {
    setConfig(config: {
      name: string;
      systemDatabaseUrl: string;
      systemDatabasePoolSize: number;
      logLevel: string;
      applicationVersion: string;
    }): void;
    launch(): Promise<void>;
    registerQueue(
      name: string,
      options: { workerConcurrency: number; minPollingIntervalMs: number },
    ): Promise<unknown>;
    registerWorkflow(work: (input: unknown) => Promise<unknown>, config: { name: string }): unknown;
    runStep<R>(work: () => Promise<R>, config: { name: string }): Promise<R>;
  };
  export const DBOSClient: {
    create(options: { systemDatabaseUrl: string; applicationName: string }): Promise<{
      enqueue(
        options: { queueName: string; workflowName: string; appVersion: string },
        input: unknown,
      ): Promise<{ readonly workflowID: string }>;
    }>;
  };
}

declare module 'graphile-worker' {
  interface Preset {
    readonly worker: Readonly<Record<string, unknown>>;
  }
  type AddJobs = (
    jobs: readonly { readonly identifier: string; readonly payload: unknown }[],
  ) => Promise<unknown>;
  export function makeWorkerUtils(options: { connectionString: string }): Promise<{
    migrate(): Promise<void>;
    addJobs: AddJobs;
  }>;
  export function run(options: {
    preset: Preset;
    logger: Logger;
    taskList: Record<
      string,
      (
        payload: unknown,
        helpers: { readonly addJob: (name: string, payload: unknown) => Promise<unknown> },
      ) => Promise<void>
    >;
  }): Promise<unknown>;
  interface Logger {
    readonly opaque: unique symbol;
  }
  export const Logger: new (factory: () => () => void) => Logger;
}

declare module '@restatedev/restate-sdk' {
  export interface Context {
    run<T>(name: string, work: () => Promise<T>): Promise<T>;
  }
  export function service<T>(definition: {
    name: string;
    handlers: Record<string, (context: Context, input: T) => Promise<T>>;
  }): unknown;
  export function serve(options: {
    services: readonly unknown[];
    port: number;
    logger: () => void;
  }): Promise<number>;
}

declare module '@restatedev/restate-sdk-clients' {
  type Calls = Record<string, (input: unknown) => Promise<unknown>>;
  export function connect(options: { url: string }): {
    serviceSendClient(service: { name: string }): Calls;
    result(handle: unknown): Promise<unknown>;
  };
}
