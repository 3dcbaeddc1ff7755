import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { runIdOf } from '../ids.ts';
import { present } from '../present.ts';
import { reportMarkdown } from '../render/report-markdown.ts';
import { reportLines } from '../render/report.ts';

export async function report(
  context: Context,
  id: string,
  { markdown }: { readonly markdown?: boolean },
): Promise<ExitCode> {
  const runId = runIdOf(id);
  const client = await context.connect();
  present(context, await client.runs.report(runId), (cleaned) =>
    markdown ? reportMarkdown(cleaned) : reportLines(context, cleaned),
  );
  return exitCodes.ok;
}
