import type { Usage } from './usage.ts';

/**
 * Every way a request, a plan, a run or a step can fail, in one table.
 *
 * - `request`: the caller can mend it. `plan`: the plan is wrong. `skill`: the work itself failed.
 *   `target`: something outside did. `limit`: a bound was reached. `policy`: it is not allowed.
 *   `system`: AOS or its database is at fault.
 * - `retryable`: whether the same attempt may succeed later without anybody changing anything.
 */
export type FailureCategory =
  'request' | 'plan' | 'skill' | 'target' | 'limit' | 'policy' | 'system';

interface FailureKind {
  readonly category: FailureCategory;
  readonly retryable: boolean;
  readonly meaning: string;
}

const RETRY = true;
const kind =
  (category: FailureCategory) =>
  (meaning: string, retryable = false): FailureKind => ({ category, retryable, meaning });
const request = kind('request');
const plan = kind('plan');
const skill = kind('skill');
const target = kind('target');
const limit = kind('limit');
const policy = kind('policy');
const system = kind('system');

export const failures = {
  // request: the caller can mend it
  invalid_json: request('The body is not valid JSON.'),
  invalid_request: request('The request does not match its schema; every failing path is listed.'),
  unauthenticated: request('No valid API key was given.'),
  forbidden: request('The API key lacks the scope.'),
  route_not_found: request('No such route.'),
  method_not_allowed: request('The route exists, but not for this method.'),
  run_not_found: request('No run has this id.'),
  skill_not_found: request('No skill has this name.'),
  agent_not_found: request('No agent has this name.'),
  agent_exists: request('An agent of this name exists; a change makes its next version.'),
  plan_not_found: request('The run has no such plan, or none yet.'),
  artifact_not_found: request('The run has no artifact of this name.'),
  approval_not_found: request('No approval has this id.'),
  approval_decided: request('The approval was decided before; the first decision stands.'),
  consumer_not_found: request('No consumer has this name.'),
  consumer_exists: request('A consumer of this name exists.'),
  lease_lost: request(
    'The part of the log is in other hands by now, or was reset; what was read will be handed out again.',
  ),
  webhook_not_found: request('No webhook has this id.'),
  delivery_not_found: request('The webhook has no delivery of this id.'),
  event_dropped: request('The event is older than the log is kept, so it cannot be sent again.'),
  target_not_found: request('Nothing of this name is out.'),
  outage_not_found: request('No target of this name is out.'),
  idempotency_mismatch: request('The idempotency key was used before with another body.'),
  idempotency_in_flight: request(
    'The first request with this idempotency key is still being stored.',
    RETRY,
  ),
  run_not_finished: request('The run has not finished, so it has no such thing yet.'),
  run_finished: request('The run has finished already.'),
  dead_letter_not_found: request('No dead letter has this id.'),
  case_not_found: request('No failure has this fingerprint.'),
  operation_not_found: request('No operation has this id.'),
  runbook_not_found: request('No runbook has this name.'),
  operation_ended: request('The operation has ended already.'),
  selection_changed: request('The selection is not the one of the preview any more.'),
  version_conflict: request('The thing changed since it was read; read it again.'),
  precondition_required: request('The change needs an If-Match header with the ETag last read.'),
  unsupported_media_type: request('The body must be JSON, sent as application/json.'),
  payload_too_large: limit('The body is too large.'),
  rate_limited: limit('The key has made too many requests; try again after Retry-After.', RETRY),
  tenant_queue_full: limit(
    'The tenant has as many runs queued as its share allows; try again after Retry-After.',
    RETRY,
  ),

  // plan: no step was run, or none further
  goal_not_plannable: plan(
    'The planner cannot turn this goal into a plan; its reason is in the detail.',
  ),
  plan_invalid: plan('The plan breaks a rule of the inspector; every problem is listed.'),
  template_not_found: plan('The agent has no plan template of this name.'),
  reference_unresolved: plan('A reference names a value that the earlier step did not return.'),
  condition_failed: plan('A condition could not be evaluated to true or false.'),

  // skill: the work itself
  skill_unavailable: system('No live worker offers the skill in this version.', RETRY),
  skill_input_invalid: skill('The resolved input does not match the schema of the skill.'),
  skill_output_invalid: skill('The skill returned something its own schema refuses.'),
  skill_crashed: skill('The skill threw an error it did not name.'),
  step_timed_out: limit('The step ran past its time limit.', RETRY),
  output_too_large: limit('The output is larger or deeper than a step may store.'),
  not_html: skill('The document is not HTML, so there is nothing to extract.'),
  transform_failed: skill('The expression is wrong, or does not fit the data.'),
  transform_stopped: limit('The expression took more time or memory than it may, and was stopped.'),
  file_not_found: skill('The workspace has no such file.'),
  path_refused: policy('The path leads out of the workspace of the run.'),
  quota_exceeded: limit('The workspace of the run is full.'),

  // target: something outside
  address_refused: policy(
    'The address is private, reserved or not allowed; skills may not reach it.',
  ),
  target_unreachable: target(
    'The host could not be found or did not accept the connection.',
    RETRY,
  ),
  target_timed_out: target('The host accepted the connection but did not answer in time.', RETRY),
  target_overloaded: target('The host answered 429, 503 or 529: come back later.', RETRY),
  target_failed: target('The host answered with a server error.', RETRY),
  target_refused: target('The host refused the request.'),
  target_parked: target(
    'Somebody has parked it; what needs it goes on when it is released.',
    RETRY,
  ),
  response_too_large: limit('The response is larger than the skill may read.'),
  too_many_redirects: target('The host redirected more often than allowed.'),
  model_refused: target('The model refused to answer.'),
  model_output_invalid: target('The model did not return what was asked for, also after repair.'),
  model_truncated: limit('The model reached its output limit before it finished.'),
  model_not_configured: request('This needs a language model, and no key is configured.'),
  query_failed: target('The database refused the query.'),
  query_refused: policy('The connection is unknown, or the query is not allowed on it.'),

  // limit and policy on runs
  run_expired: limit('The run was not started before its expiry.'),
  run_poisoned: limit('Workers died each time they executed the run, the last one alone with it.'),
  run_timed_out: limit('The run ran past its deadline.'),
  cancelled: request('Somebody cancelled the run.'),
  approval_rejected: policy('A human rejected the step.'),
  outcome_unknown: system(
    'The worker died during an effect that may have happened; a human must decide.',
  ),

  // system
  overloaded: system('AOS takes no more work right now; try again after Retry-After.', RETRY),
  database_unavailable: system('The database does not answer.', RETRY),
  not_ready: system('The service is starting or stopping.', RETRY),
  internal: system('A fault of AOS itself.'),
} satisfies Record<string, FailureKind>;

export type FailureCode = keyof typeof failures;

/** One wrong place in a document: a JSON Pointer as URI fragment, and what was expected there. */
export interface Problem {
  readonly pointer: string;
  readonly detail: string;
}

/** A failure as it is stored and shown. */
export interface Failure {
  readonly code: FailureCode;
  /** What went wrong this time: one sentence, safe to show to the caller. */
  readonly detail: string;
  readonly problems?: readonly Problem[];
  /** How long the other side asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** The one error class of AOS. Anything else that is thrown is a mistake in the program. */
export class AosError extends Error {
  override readonly name = 'AosError';
  readonly code: FailureCode;
  readonly problems: readonly Problem[] | undefined;
  readonly retryAfterMs: number | undefined;
  /** What a model used before it failed; it is billed all the same. */
  readonly usage: Usage | undefined;

  constructor(
    code: FailureCode,
    detail: string,
    options: {
      cause?: unknown;
      problems?: readonly Problem[] | undefined;
      retryAfterMs?: number | undefined;
      usage?: Usage | undefined;
    } = {},
  ) {
    super(detail, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.problems = options.problems;
    this.retryAfterMs = options.retryAfterMs;
    this.usage = options.usage;
  }
}

export function isFailureCode(value: unknown): value is FailureCode {
  return typeof value === 'string' && Object.hasOwn(failures, value);
}

/**
 * What to store of anything thrown. An error nobody named becomes `otherwise`; its text is kept out of
 * the record, since it may carry a secret or a path.
 */
export function failureOf(thrown: unknown, otherwise: FailureCode = 'internal'): Failure {
  if (!(thrown instanceof AosError))
    return { code: otherwise, detail: failures[otherwise].meaning };
  return {
    code: thrown.code,
    detail: thrown.message,
    ...(thrown.problems && { problems: thrown.problems }),
    ...(thrown.retryAfterMs !== undefined && { retryAfterMs: thrown.retryAfterMs }),
  };
}
