import type { Decision } from '@aos/core';
import type { ApprovalResource } from '@aos/sdk';

import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { approvalIdOf, runIdOf } from '../ids.ts';
import { present } from '../present.ts';
import { outputLines } from '../render/output.ts';
import { readInteger } from '../read-time.ts';
import { moment } from '../text/amounts.ts';
import { oneLine } from '../text/clean.ts';
import { styleOf } from '../text/style.ts';

export interface ApprovalsOptions {
  readonly status: string;
  readonly run?: string;
  readonly limit: string;
  readonly cursor?: string;
}

const INPUT_LINES_MAX = 15;

export async function approvals(context: Context, options: ApprovalsOptions): Promise<ExitCode> {
  const { run, limit, cursor, status } = options;
  const filter = {
    status: status as 'open' | 'decided' | 'all',
    limit: readInteger(limit, '--limit'),
    ...(run !== undefined && { runId: runIdOf(run) }),
    ...(cursor !== undefined && { cursor }),
  };
  const client = await context.connect();
  present(context, await client.approvals.list(filter), ({ items, nextCursor }) => {
    if (items.length === 0) return [status === 'open' ? 'Nothing waits for a decision.' : 'None.'];
    const more = `More: ${context.program} approvals --status ${status} --cursor ${nextCursor ?? ''}`;
    return [
      ...items.flatMap((approval, index) => [
        ...(index > 0 ? [''] : []),
        ...approvalLines(context, approval),
      ]),
      ...(nextCursor === null ? [] : ['', more]),
    ];
  });
  return exitCodes.ok;
}

export async function decide(
  context: Context,
  id: string,
  decision: Decision,
  { comment }: { readonly comment?: string },
): Promise<ExitCode> {
  const approvalId = approvalIdOf(id);
  const client = await context.connect();
  const decided = await client.approvals.decide(approvalId, {
    decision,
    ...(comment !== undefined && { comment }),
  });
  present(context, decided, ({ step, skill, runId }) => [
    `${decision === 'approve' ? 'Approved' : 'Rejected'}: the step ${step} (${skill}) of ${runId}.`,
    `Watch it: ${context.program} watch ${runId}`,
  ]);
  return exitCodes.ok;
}

/** The question with exactly what will be sent: nobody can decide about less. */
function approvalLines(context: Context, approval: ApprovalResource): string[] {
  const { out, program } = context;
  const style = styleOf(out.rich);
  const { id, decided } = approval;
  const question =
    approval.kind === 'step'
      ? 'May it start?'
      : 'Nobody knows whether it happened. May it run again?';
  const lines = outputLines(approval.input as Parameters<typeof outputLines>[0], {
    columns: out.columns - 4,
    style,
    linesMax: INPUT_LINES_MAX,
    more: `All of it: ${program} approvals --run ${approval.runId} --json`,
  });
  return [
    `${style('bold', id)}  ${moment(approval.createdAt)}`,
    `  ${approval.runId}, step ${oneLine(approval.step)}, skill ${oneLine(approval.skill)}`,
    `  ${oneLine(approval.reason)}`,
    `  ${question}`,
    ...lines.map((line) => `    ${line}`),
    ...(decided
      ? [
          `  ${oneLine(decided.by)} chose to ${decided.decision} at ${moment(decided.at)}${decided.comment === undefined ? '' : `: ${oneLine(decided.comment)}`}`,
        ]
      : [style('dim', `  ${program} approve ${id}    ${program} reject ${id} --comment "…"`)]),
  ];
}
