import { ApiError } from '@aos/sdk';

import { CommandError } from './command-error.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { clean, oneLine } from './text/clean.ts';

export interface Explanation {
  readonly lines: readonly string[];
  readonly exitCode: ExitCode;
}

/** What a person is told of an error, and what a script is. */
export function explainError(error: unknown, program: string): Explanation {
  if (error instanceof CommandError) return { lines: [error.message], exitCode: error.exitCode };
  if (error instanceof ApiError) return explainAnswer(error, program);
  if (error instanceof TypeError && error.message === 'fetch failed') {
    return {
      lines: ['The connection to the API broke and did not come back. Try again in a while.'],
      exitCode: exitCodes.unreachable,
    };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { lines: [`A fault of aos itself: ${clean(text)}`], exitCode: exitCodes.fault };
}

function explainAnswer(error: ApiError, program: string): Explanation {
  const detail = oneLine(error.detail) || oneLine(error.body.title ?? `HTTP ${error.status}`);
  const said = error.body.code ? `${detail} (${oneLine(error.code)})` : detail;
  const lines = [
    error.status === 401 ? `The API refuses the key: ${detail}` : said,
    ...error.problems.map((problem) => `  ${oneLine(problem.pointer)} ${oneLine(problem.detail)}`),
    ...advice(error, program),
    ...(error.requestId ? [`Request ${oneLine(error.requestId)}`] : []),
    ...(error.traceId ? [`Trace ${oneLine(error.traceId)}`] : []),
  ];
  return { lines, exitCode: exitCodeOf(error.status) };
}

function exitCodeOf(status: number): ExitCode {
  const refused = status === 401 || status === 403 || status === 429 || status >= 500;
  return refused ? exitCodes.unreachable : exitCodes.usage;
}

function advice({ status, code, body, retryAfterMs }: ApiError, program: string): string[] {
  const { decided } = body;
  if (decided) return [`${oneLine(decided.by)} chose to ${decided.decision} at ${decided.at}.`];
  if (status === 401) return ['Give the right one with --key-file or AOS_API_KEY.'];
  if (status === 403) return ['Use a key that has the scope.'];
  if (status === 429 || status >= 500) {
    const seconds = Math.ceil((retryAfterMs ?? 0) / 1000);
    return [seconds > 0 ? `Try again in ${seconds} s.` : 'Try again in a while.'];
  }
  if (code === 'run_not_found') return [`See which runs there are: ${program} list`];
  if (code === 'skill_not_found') return [`See which skills there are: ${program} skills`];
  if (code === 'agent_not_found') return [`See which agents there are: ${program} agents`];
  if (code === 'approval_not_found') return [`See what waits for you: ${program} approvals`];
  return [];
}
