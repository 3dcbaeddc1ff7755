import { tryAgainAt, type StepRecord, type StepWait } from '@aos/core';
import type { WhyReason } from '@aos/sdk';

import type { WhyFacts } from './why.ts';

/** A step that waits for what it reaches: what is out, since when, and when it is tried. */
export function targetReason(
  step: StepRecord,
  wait: Extract<StepWait, { for: 'target' }>,
  { view, targets }: WhyFacts,
): WhyReason {
  const found = targets.find(({ target }) => target === wait.target);
  const until = found && tryAgainAt(found.circuit)?.toISOString();
  const { deadlineAt } = view.run;
  const sentences = [
    `The step ${step.key} needs ${wait.target}, which is out: ${wait.failure.detail.replace(/\.$/, '')}.`,
    found ? whatNext(found.circuit.state.kind, until) : 'It works again; the step goes on shortly.',
    ...(found && found.parked.steps > 1 ? [`${found.parked.steps} steps wait for it.`] : []),
    'No attempt is used up.',
    ...(deadlineAt
      ? [`The run's own deadline, ${deadlineAt.toISOString()}, counts all the same.`]
      : []),
  ];
  return {
    code: 'waiting_for_target',
    detail: sentences.join(' '),
    step: step.key,
    since: found?.circuit.outSince?.toISOString() ?? null,
    until: until ?? null,
  };
}

type Kind = WhyFacts['targets'][number]['circuit']['state']['kind'];

function whatNext(kind: Kind, until: string | undefined): string {
  switch (kind) {
    case 'clear':
    case 'releasing':
      return 'It works again; those who waited go on, a few at first.';
    case 'probing':
      return 'One step tries it now.';
    case 'out':
      return `One step tries it at ${until ?? 'once'}; then the others go on.`;
    case 'parked':
      return until
        ? `It is tried at ${until}, or when somebody releases it.`
        : 'It goes on when somebody releases it.';
  }
}
