import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

import { createLabelBound } from './label-bound.ts';
import type { metricTable, MetricKey, ProcessMetricKey } from './metric-table.ts';

type Kind<K extends MetricKey> = (typeof metricTable)[K];

export type LabelsOf<K extends MetricKey> = Readonly<Record<Kind<K>['labels'][number], string>>;

/** How a metric is raised, by its type: `inc`, `set` or `observe`, with exactly its labels. */
export type Handle<K extends MetricKey> = Kind<K>['type'] extends 'counter'
  ? { readonly inc: (labels: LabelsOf<K>, by?: number) => void }
  : Kind<K>['type'] extends 'gauge'
    ? { readonly set: (labels: LabelsOf<K>, value: number) => void }
    : { readonly observe: (labels: LabelsOf<K>, value: number) => void };

/** Everything a process counts about itself. */
export type ProcessHandles = { readonly [K in ProcessMetricKey]: Handle<K> };

interface Definition {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

export interface AnyHandle {
  inc(labels: Readonly<Record<string, string>>, by?: number): void;
  set(labels: Readonly<Record<string, string>>, value: number): void;
  observe(labels: Readonly<Record<string, string>>, value: number): void;
}

/** Makes a metric and registers it; without a registry its values go nowhere. */
export function createHandle(definition: Definition, registry: Registry | undefined): AnyHandle {
  const bound = createLabelBound();
  const { name, help, labels, buckets } = definition;
  const options = {
    name,
    help,
    labelNames: [...labels],
    registers: registry ? [registry] : [],
  };
  switch (definition.type) {
    case 'counter': {
      const counter = new Counter(options);
      return { ...refusing(name), inc: (values, by = 1) => counter.inc(bound(values), by) };
    }
    case 'gauge': {
      const gauge = new Gauge(options);
      return { ...refusing(name), set: (values, value) => gauge.set(bound(values), value) };
    }
    case 'histogram': {
      const histogram = new Histogram({ ...options, ...(buckets && { buckets: [...buckets] }) });
      return {
        ...refusing(name),
        observe: (values, value) => histogram.observe(bound(values), value),
      };
    }
  }
}

function refusing(name: string): AnyHandle {
  const refuse = (): never => {
    throw new Error(`${name} is of another type.`);
  };
  return { inc: refuse, set: refuse, observe: refuse };
}
