import { tryAgainAt } from '@aos/core';
import type { TargetResource } from '@aos/sdk';
import type { parked } from '@aos/store';

import { timeOrNull } from './run-resource.ts';

/** A target as the API tells it. */
export function targetResource({
  target,
  circuit,
  parked: waiting,
}: parked.TargetView): TargetResource {
  return {
    target,
    state: circuit.state.kind,
    since: timeOrNull(circuit.outSince),
    until: timeOrNull(tryAgainAt(circuit)),
    failure: circuit.failure
      ? { code: circuit.failure.code, detail: circuit.failure.detail }
      : null,
    parkedBy: circuit.by ?? null,
    failed: circuit.failed,
    parked: {
      steps: waiting.steps,
      runs: waiting.runs,
      oldest: timeOrNull(waiting.oldest),
      example: waiting.example ?? null,
    },
  };
}
