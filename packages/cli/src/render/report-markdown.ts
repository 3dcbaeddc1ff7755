import { isObject, type Json, type Report } from '@aos/core';

import { bytes, dollars, duration } from '../text/amounts.ts';
import { oneLine } from '../text/clean.ts';

/** The report as a Markdown document. Texts of the run are quoted, so they cannot become markup. */
export function reportMarkdown(report: Report): string[] {
  const { failure, usage, times } = report;
  return [
    `# ${quoted(report.goal)}`,
    '',
    `- Run: \`${report.runId}\``,
    `- Outcome: ${report.outcome ?? report.status}`,
    ...(report.origin
      ? [
          `- Origin: ${report.origin.mode} of \`${report.origin.runId}\` by ${quoted(report.origin.by)}: ${quoted(report.origin.reason)}`,
        ]
      : []),
    `- Agent: ${quoted(report.agent.name)} (version ${report.agent.version}), planner ${quoted(report.planner)}`,
    `- Started: ${times.startedAt ?? 'not yet'}`,
    ...(times.durationMs === null ? [] : [`- Duration: ${duration(times.durationMs)}`]),
    ...(usage ? [`- Cost: ${dollars(usage.costUsd)} (${quoted(usage.model)})`] : []),
    ...(failure
      ? [
          '',
          '## Failure',
          '',
          `\`${failure.code}\`: ${quoted(failure.detail)}`,
          '',
          quoted(failure.meaning),
        ]
      : []),
    ...(report.output === null ? [] : ['', '## Output', ...outputBlocks(report.output)]),
    ...list(
      'Missing',
      report.gaps.map(({ step, why }) => `${step}: ${why}`),
    ),
    ...list('Notes', report.notes),
    ...list(
      'Decisions',
      report.approvals.map(({ step, decision, by }) => `${step}: ${by} chose to ${decision}`),
    ),
    ...list(
      'Artifacts',
      report.artifacts.map(
        ({ name, mediaType, bytes: size }) => `${name} (${mediaType}, ${bytes(size)})`,
      ),
    ),
    ...stepTable(report),
  ];
}

function outputBlocks(output: Json): string[] {
  if (!isObject(output)) return ['', ...block(output)];
  return Object.entries(output).flatMap(([name, value]) => [
    '',
    `### ${quoted(name)}`,
    '',
    ...block(value),
  ]);
}

/** Text as a paragraph, anything else as JSON. */
function block(value: Json): string[] {
  if (typeof value === 'string') return value.split('\n').map((line) => quoted(line));
  const json = JSON.stringify(value, null, 2);
  const fence = '`'.repeat(Math.max(3, longestRun(json) + 1));
  return [`${fence}json`, json, fence];
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

function list(title: string, texts: readonly string[]): string[] {
  return texts.length === 0
    ? []
    : ['', `## ${title}`, '', ...texts.map((text) => `- ${quoted(text)}`)];
}

function stepTable({ steps }: Report): string[] {
  if (steps.length === 0) return [];
  const rows = steps.map(
    ({ key, skill, status, attempts, durationMs }) =>
      `| ${quoted(key)} | ${quoted(skill)} | ${status} | ${attempts} | ${durationMs === null ? '' : duration(durationMs)} |`,
  );
  return [
    '',
    '## Steps',
    '',
    '| Step | Skill | Status | Attempts | Duration |',
    '|---|---|---|---|---|',
    ...rows,
  ];
}

function quoted(text: string): string {
  return oneLine(text).replaceAll(/[\\`*_[\]<>#|~!&]/g, String.raw`\$&`);
}
