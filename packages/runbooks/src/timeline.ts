import type { Step, Value } from './runbook.ts';

export type Outcome = 'resolved' | 'unresolved';

/**
 * What became of a step. `unknown`: a value could not be read. `shown`: a command that only a person may
 * execute. `refused`: the API said no.
 */
export type Result =
  | 'read'
  | 'unknown'
  | 'yes'
  | 'no'
  | 'done'
  | 'declined'
  | 'shown'
  | 'refused'
  | 'failed'
  | 'met'
  | 'not met';

/** One answer, as evidence. */
export interface Entry {
  readonly at: string;
  readonly step: string;
  readonly kind: Step['kind'];
  readonly say: string;
  /** What was asked or done, with every variable filled in. */
  readonly what: string;
  readonly result: Result;
  readonly value?: Value;
  readonly detail?: string;
  readonly durationMs: number;
}

/** The record of one walk. */
export interface Timeline {
  readonly version: 1;
  readonly incident: string;
  readonly runbook: string;
  /** Of the page as it was walked. */
  readonly digest: string;
  readonly api: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly outcome: Outcome | null;
  readonly entries: readonly Entry[];
}

/** The same for people: to be pasted into a post-mortem. */
export function timelineMarkdown(timeline: Timeline): string {
  const { incident, runbook, digest, api, startedAt, endedAt, outcome, entries } = timeline;
  const variables = Object.entries(timeline.variables).map(([name, value]) => `${name}=${value}`);
  const tookS = endedAt === null ? undefined : (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
  return [
    `# ${runbook}: ${outcome ?? 'not finished'}`,
    '',
    `- Incident: ${incident}`,
    `- Runbook: ${runbook} (sha256 ${digest.slice(0, 12)})`,
    `- API: ${api}`,
    ...(variables.length > 0 ? [`- Variables: ${cell(variables.join(', '))}`] : []),
    `- Began: ${startedAt}`,
    ...(tookS === undefined ? [] : [`- Ended: ${endedAt} (${tookS.toFixed(1)} s)`]),
    '',
    '| time (UTC) | step | what | result |',
    '| --- | --- | --- | --- |',
    ...entries.map(
      ({ at, step, kind, what, ...entry }) =>
        `| ${at.slice(11, 23)} | ${kind} ${step} | ${cell(what)} | ${cell(resultText(entry))} |`,
    ),
    '',
  ].join('\n');
}

/** In a few words, with the value and the reason. */
export function resultText({
  result,
  value,
  detail,
}: Pick<Entry, 'result' | 'value' | 'detail'>): string {
  const told = value === undefined ? result : `${result}: ${value === null ? 'none' : value}`;
  return detail === undefined ? told : `${told} (${detail})`;
}

const CELL_CHARS_MAX = 300;

function cell(text: string): string {
  const flat = text.replaceAll(/\s+/g, ' ').trim();
  const cut = flat.length > CELL_CHARS_MAX ? `${flat.slice(0, CELL_CHARS_MAX)}…` : flat;
  return cut.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
