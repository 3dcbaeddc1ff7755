import { isObject, type Json, type Report } from '@aos/core';

import type { Context } from '../context.ts';
import { bytes, counted, dollars, duration } from '../text/amounts.ts';
import { styleOf, toneOf } from '../text/style.ts';
import { wrap } from '../text/width.ts';
import { failureLines } from './failure.ts';
import { outputLines } from './output.ts';

const OUTPUT_LINES_MAX = 80;
const ROWS_MAX = 20;

/** The report for people: what came out, what is missing, and how to look further. It is cleaned. */
export function reportLines(context: Context, report: Report): string[] {
  const style = styleOf(context.out.rich);
  const title = (text: string) => style('bold', text);
  const { columns } = context.out;
  const bullets = (texts: readonly string[]) =>
    bounded(texts, context, report).flatMap((text) =>
      wrap(text, columns - 4).map((line, index) => `${index === 0 ? '  - ' : '    '}${line}`),
    );
  const section = (name: string, texts: readonly string[]) =>
    texts.length > 0 ? ['', title(name), ...bullets(texts)] : [];
  return [
    headLine(context, report),
    ...originLines(report).flatMap((text) => wrap(text, columns)),
    ...(report.failure ? ['', ...failureLines(context, report.failure, report.runId)] : []),
    ...(isEmpty(report.output) ? [] : ['', ...outputOf(context, report)]),
    ...section(
      'Missing',
      report.gaps
        // What the run failed of has been told above.
        .filter(({ step }) => step !== report.failure?.step)
        .map(({ step, why }) => `${step}: ${why}`),
    ),
    ...section('Notes', report.notes),
    ...section(
      'Decisions',
      report.approvals.map(({ step, decision, by }) => `${step}: ${by} chose to ${decision}`),
    ),
    ...section(
      'Artifacts',
      report.artifacts.map((file) => `${file.name}  ${file.mediaType}  ${bytes(file.bytes)}`),
    ),
    ...costLines(report, title),
    '',
    ...furtherLines(context, report).map((line) => style('dim', line)),
  ];
}

function originLines({ origin }: Report): string[] {
  if (!origin) return [];
  const edits = origin.patch ? ` with ${counted(origin.patch.length, 'edit')}` : '';
  return [`A ${origin.mode} of ${origin.runId}${edits}, by ${origin.by}: ${origin.reason}`];
}

function headLine({ out }: Context, report: Report): string {
  const style = styleOf(out.rich);
  const state = report.outcome ?? report.status;
  const steps = report.plan ? `, ${counted(report.plan.steps, 'step')}` : '';
  const took =
    report.times.durationMs === null ? '' : ` after ${duration(report.times.durationMs)}`;
  const tone = toneOf(state);
  const word = { succeeded: '✓ Succeeded', failed: '✗ Failed', cancelled: '✗ Cancelled' }[state];
  const told = word ?? `Not finished: ${state}`;
  return `${tone ? style(tone, told) : told}${took}${steps}, planner ${report.planner}`;
}

/** A failed run has its output as far as it goes, which may be nowhere. */
function isEmpty(output: Json): boolean {
  return output === null || (isObject(output) && Object.values(output).every(isEmpty));
}

function outputOf({ out, program }: Context, { output, runId }: Report): string[] {
  return outputLines(output, {
    columns: out.columns,
    style: styleOf(out.rich),
    linesMax: OUTPUT_LINES_MAX,
    more: `All of it: ${program} report ${runId} --json`,
  });
}

function bounded(texts: readonly string[], { program }: Context, { runId }: Report): string[] {
  if (texts.length <= ROWS_MAX) return [...texts];
  const left = texts.length - ROWS_MAX;
  return [...texts.slice(0, ROWS_MAX), `… ${left} more: ${program} report ${runId} --json`];
}

function costLines({ usage }: Report, title: (text: string) => string): string[] {
  if (!usage) return [];
  const read = usage.cacheReadTokens > 0 ? `, ${usage.cacheReadTokens} of them from the cache` : '';
  return [
    '',
    `${title('Cost')} ${dollars(usage.costUsd)}: ${usage.model}, ${usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens} tokens in${read}, ${usage.outputTokens} out`,
  ];
}

function furtherLines({ program }: Context, report: Report): string[] {
  const { runId } = report;
  return [
    report.plan
      ? `Steps: ${program} show ${runId} --steps`
      : `What happened: ${program} show ${runId} --events`,
    ...(report.artifacts.length > 0 ? [`Files: ${program} artifacts ${runId}`] : []),
    ...(report.status === 'finished'
      ? [`As JSON: ${program} report ${runId} --json`]
      : [`Watch it: ${program} watch ${runId}`]),
  ];
}
