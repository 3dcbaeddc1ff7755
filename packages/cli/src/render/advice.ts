import { failures, isFailureCode, type FailureCategory, type FailureCode } from '@aos/core';

/** What a person can do about a failed run, in one sentence. */
export function adviceOn(code: string, runId: string, program: string): string {
  if (!isFailureCode(code)) return `See what happened: ${program} show ${runId} --steps`;
  const known = ofCode[code];
  if (known !== undefined) return known;
  const { category, retryable } = failures[code];
  if (retryable) {
    return `It may pass: try again later with \`${program} rerun ${runId} --mode retry --reason "…"\`, which keeps the finished steps.`;
  }
  return ofCategory(category, runId, program);
}

const ofCode: Partial<Record<FailureCode, string>> = {
  goal_not_plannable:
    'Say the goal in plainer steps, give a plan of your own with --plan @file, or configure a language model.',
  address_refused:
    'If skills are meant to reach this address, the operator names it in AOS_ALLOW_PRIVATE_HOSTS.',
  model_not_configured: 'Configure a language model with ANTHROPIC_API_KEY, or leave this out.',
  approval_rejected: 'Ask the person who rejected it, then start it again in another way.',
  cancelled: 'Start it again when it is wanted after all.',
  run_expired: 'Start it again with a later --expires-at, or with more workers.',
  run_timed_out: 'Start it again with a larger --wall-ms, or with fewer steps.',
  outcome_unknown: 'Look at the other side whether it happened before anything is run again.',
};

function ofCategory(category: FailureCategory, runId: string, program: string): string {
  switch (category) {
    case 'request':
      return 'Mend the request and start it again.';
    case 'plan':
      return `Look at the plan with \`${program} show ${runId} --plan\`, or have it planned anew: ${program} rerun ${runId} --mode replan --reason "…"`;
    case 'skill':
      return `Look at what the step was given: ${program} show ${runId} --steps --json`;
    case 'target':
      return 'The other side said no: check the address and what was sent to it.';
    case 'limit':
      return 'Ask for less at once, or raise the limit in the plan.';
    case 'policy':
      return 'It is not allowed here: change the goal, or ask the operator.';
    case 'system':
      return 'Ask the operator; the run itself was not at fault.';
  }
}
