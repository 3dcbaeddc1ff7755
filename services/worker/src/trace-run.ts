import type { ClaimedRun } from '@aos/core';
import type { Ending, Ports } from '@aos/engine';
import { attribute, inSpan, type Tracing } from '@aos/telemetry';

import { runSpans } from './run-spans.ts';

/** Advances a run with a span around the claim, its planning and each attempt of a step. */
export function traceRun(
  tracing: Tracing,
  run: ClaimedRun,
  ports: Ports,
  advance: (ports: Ports) => Promise<Ending>,
): Promise<Ending> {
  const spans = runSpans(tracing, run);
  const traced: Ports = {
    ...ports,
    skills: {
      manifest: (skill) => ports.skills.manifest(skill),
      execute: (call, limits) =>
        inSpan(
          tracing,
          spans.step(call),
          () => ports.skills.execute(call, limits),
          (span, result) => {
            span.set({ [attribute.outcome]: result.outcome });
            span.end(result.outcome === 'completed' ? undefined : result.failure.code);
          },
        ),
    },
    plan: (claimed, signal) => inSpan(tracing, spans.plan, () => ports.plan(claimed, signal)),
    async commit(change) {
      await ports.commit(change);
      for (const event of change.events) if (event.type === 'run.finished') spans.end(event);
    },
  };
  return inSpan(
    tracing,
    spans.claim,
    () => advance(traced),
    (span, ending) => {
      span.set({ [attribute.runEnding]: ending });
      span.end();
    },
  );
}
