import type { WhyResource } from '@aos/sdk';

import type { Context } from '../context.ts';
import { moment } from '../text/amounts.ts';
import { wrap } from '../text/width.ts';

/** Why a run is where it is, and what the reader can do when it waits for one. */
export function whyLines({ out, program }: Context, { status, reasons }: WhyResource): string[] {
  return [
    `The run is ${status}.`,
    ...reasons.flatMap(({ detail, since, until, approvalId }) => [
      ...wrap(detail, out.columns - 2).map((line, index) => `${index === 0 ? '- ' : '  '}${line}`),
      ...(since ? [`  since ${moment(since)}`] : []),
      ...(until ? [`  until ${moment(until)}`] : []),
      ...(approvalId ? [`  decide: ${program} approve ${approvalId} (or reject)`] : []),
    ]),
  ];
}
