import { Registry } from 'prom-client';

import { factsExposition, type DatabaseFacts } from './database-facts.ts';
import { createHandle, type ProcessHandles } from './handle.ts';
import type { ServiceName } from './metric-kind.ts';
import { metricTable } from './metric-table.ts';
import { watchProcess } from './process-facts.ts';
import { watchDisks } from './tell-disks.ts';

export interface Metrics extends ProcessHandles {
  readonly contentType: string;
  /** The text of one scrape. */
  exposition(): Promise<string>;
  /**
   * Called at each scrape for what the database knows. Undefined: another replica exports it, and the
   * series are absent here, so that sums over replicas are right. They are absent too when it throws or
   * takes longer than 4 s.
   */
  readFrom(source: () => Promise<DatabaseFacts | undefined>): void;
  /** Called before each scrape, to set gauges that are read rather than raised. */
  beforeScrape(read: () => void): void;
}

/** Prometheus gives up after 10 s; the process's own metrics must arrive when the database hangs. */
const SOURCE_TIMEOUT_MS = 4_000;

/** The metrics of one process: exactly those of `metricTable` that its service exports. */
export function createMetrics(options: {
  readonly service: ServiceName;
  readonly version: string;
  readonly sourceTimeoutMs?: number;
  /** Folders whose disks are told beside the usual ones, by name. */
  readonly disks?: Readonly<Record<string, string>>;
}): Metrics {
  const { service, version, sourceTimeoutMs = SOURCE_TIMEOUT_MS, disks } = options;
  const registry = new Registry();
  const handles = createHandles(registry, service);
  handles.buildInfo.set({ version, service }, 1);
  const reads = [watchProcess(handles), watchDisks(handles, disks)];
  let source: (() => Promise<DatabaseFacts | undefined>) | undefined;

  return {
    ...handles,
    contentType: registry.contentType,
    async exposition() {
      for (const read of reads) read();
      const facts = source && (await inTime(source(), sourceTimeoutMs));
      return (await registry.metrics()) + (facts ? await factsExposition(facts) : '');
    },
    readFrom(next) {
      source = next;
    },
    beforeScrape(read) {
      reads.push(read);
    },
  };
}

function createHandles(registry: Registry, service: ServiceName): ProcessHandles {
  const entries = Object.entries(metricTable)
    .filter(([, { from }]) => from === 'process')
    .map(([key, definition]) => {
      const services: readonly ServiceName[] = definition.services;
      return [key, createHandle(definition, services.includes(service) ? registry : undefined)];
    });
  return Object.fromEntries(entries) as ProcessHandles;
}

async function inTime(reading: Promise<DatabaseFacts | undefined>, timeoutMs: number) {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  try {
    // A database that is down is told by /readyz and by the absence of its series, not by a failed scrape.
    return await Promise.race([reading.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}
