import type { targets } from '@aos/store';
import type { Telemetry } from '@aos/telemetry';

/** One line when a target goes out, and one when it is back: whoever changed it tells, and nobody else. */
export function tellOfChange(
  { log }: Telemetry,
  { tenant, target }: targets.TargetId,
  { before, circuit }: targets.Changed,
): void {
  const from = before.state.kind;
  const to = circuit.state.kind;
  if (from === to) return;
  if (from === 'clear') {
    const { failure } = circuit;
    log.warn('target.out', { tenant, target, code: failure?.code, detail: failure?.detail });
  } else if (to === 'clear') {
    const outMs = before.outSince && Date.now() - before.outSince.getTime();
    log.info('target.back', { tenant, target, outMs, failed: before.failed });
  } else {
    log.debug('target.changed', { tenant, target, from, to });
  }
}
