import type { Finding, Verdict } from '@aos/doctor';

import type { Screen } from '../context.ts';
import { oneLine } from '../text/clean.ts';
import { styleOf, type Tone } from '../text/style.ts';

const WORDS: Readonly<Record<Verdict, { readonly word: string; readonly tone: Tone }>> = {
  ok: { word: 'ok  ', tone: 'green' },
  warn: { word: 'warn', tone: 'yellow' },
  fail: { word: 'FAIL', tone: 'red' },
  skip: { word: 'skip', tone: 'dim' },
};

/** What was found, and below it what to do. The finding is cleaned. */
export function findingLines(out: Screen, finding: Finding): string[] {
  const style = styleOf(out.rich);
  const { word, tone } = WORDS[finding.verdict];
  return [
    `${style(tone, word)}  ${finding.check}: ${oneLine(finding.detail)}`,
    ...(finding.advice === undefined ? [] : [style('dim', `      ${oneLine(finding.advice)}`)]),
  ];
}

export function doctorVerdict(out: Screen, findings: readonly Finding[]): string {
  const style = styleOf(out.rich);
  const of = (verdict: Verdict) => findings.filter((finding) => finding.verdict === verdict).length;
  if (of('fail') > 0) return style('red', `${of('fail')} to mend, ${of('warn')} to look at.`);
  if (of('warn') > 0) return style('yellow', `Nothing to mend, ${of('warn')} to look at.`);
  return style('green', 'Nothing to mend.');
}
