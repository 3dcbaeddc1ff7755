import type { Circuit, CircuitState, Failure, Second } from '@aos/core';

/** A row of aos.targets. */
export interface TargetRow {
  readonly tenant_id: string;
  readonly target: string;
  readonly state: CircuitState['kind'];
  readonly since: Date | null;
  readonly until: Date | null;
  readonly begun: boolean;
  readonly released: number;
  readonly out_since: Date | null;
  readonly failure: Failure | null;
  readonly parked_by: string | null;
  readonly trips: number;
  readonly failed: string;
  readonly heard: readonly Second[];
}

export const TARGET_COLUMNS =
  'tenant_id, target, state, since, until, begun, released, out_since, failure, parked_by, trips, failed, heard';

export function toCircuit(row: TargetRow): Circuit {
  return {
    state: toState(row),
    ...(row.out_since && { outSince: row.out_since }),
    ...(row.failure && { failure: row.failure }),
    ...(row.parked_by && { by: row.parked_by }),
    trips: row.trips,
    failed: Number(row.failed),
    window: row.heard,
  };
}

function toState({ state, since, until, begun, released }: TargetRow): CircuitState {
  const never = new Date(0);
  switch (state) {
    case 'clear':
      return { kind: state };
    case 'out':
      return { kind: state, until: until ?? never };
    case 'parked':
      return { kind: state, ...(until && { until }) };
    case 'probing':
      return { kind: state, since: since ?? never, until: until ?? never, begun };
    case 'releasing':
      return { kind: state, since: since ?? never, released };
  }
}

/** The values of a circuit, from `state` on, in the order of the columns. */
export function targetValues({ state, ...circuit }: Circuit): unknown[] {
  return [
    state.kind,
    'since' in state ? state.since : null,
    ('until' in state && state.until) || null,
    state.kind === 'probing' && state.begun,
    state.kind === 'releasing' ? state.released : 0,
    circuit.outSince ?? null,
    circuit.failure ? JSON.stringify(circuit.failure) : null,
    circuit.by ?? null,
    circuit.trips,
    circuit.failed,
    JSON.stringify(circuit.window),
  ];
}
