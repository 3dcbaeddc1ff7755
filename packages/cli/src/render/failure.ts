import type { Problem } from '@aos/core';

import type { Context } from '../context.ts';
import { styleOf } from '../text/style.ts';
import { wrap } from '../text/width.ts';
import { adviceOn } from './advice.ts';

interface ExplainedFailure {
  readonly code: string;
  readonly detail: string;
  readonly meaning: string;
  readonly step?: string | undefined;
  readonly problems?: readonly Problem[] | undefined;
}

const PROBLEMS_MAX = 20;

/** Why a run failed: what happened, what that means in general, and what to do. */
export function failureLines(
  { out, program }: Context,
  failure: ExplainedFailure,
  runId: string,
): string[] {
  const style = styleOf(out.rich);
  const where = failure.step === undefined ? '' : ` in the step ${failure.step}`;
  const problems = failure.problems ?? [];
  const text = (content: string) => wrap(content, out.columns - 2).map((line) => `  ${line}`);
  return [
    `${style('red', failure.code)}${where}`,
    ...text(failure.detail),
    ...problems
      .slice(0, PROBLEMS_MAX)
      .flatMap(({ pointer, detail }) => text(`${pointer} ${detail}`)),
    ...(problems.length > PROBLEMS_MAX ? text(`… ${problems.length - PROBLEMS_MAX} more`) : []),
    ...(failure.meaning === failure.detail ? [] : text(failure.meaning)),
    ...text(adviceOn(failure.code, runId, program)),
  ];
}
