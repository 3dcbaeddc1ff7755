import type { SkillResource } from '@aos/sdk';

import type { Context } from '../context.ts';
import { bytes, dollars, duration } from '../text/amounts.ts';
import { oneLine } from '../text/clean.ts';
import { styleOf } from '../text/style.ts';
import { wrap } from '../text/width.ts';
import { effectWords } from './effect.ts';
import { outputLines } from './output.ts';
import { schemaLines } from './schema.ts';

const EXAMPLE_LINES_MAX = 20;

/** Everything about a skill that a person needs to use it. */
export function skillLines({ out, program }: Context, skill: SkillResource): string[] {
  const style = styleOf(out.rich);
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', style('bold', title), ...lines.flatMap(indented)];
  const indented = (line: string) => {
    const depth = line.length - line.trimStart().length;
    return wrap(line.trimStart(), out.columns - depth - 2).map(
      (part) => ' '.repeat(depth + 2) + part,
    );
  };
  return [
    `${style('bold', skill.name)} ${skill.version}`,
    ...wrap(skill.description, out.columns),
    ...section('Effect', [`${skill.effect}: ${effectWords(skill.effect)}`, ...effectsBy(skill)]),
    ...section(
      'Permissions',
      skill.permissions.length > 0 ? [skill.permissions.join(', ')] : ['none'],
    ),
    ...section('Limits', limitsOf(skill)),
    ...section('Input', schemaLines(skill.input)),
    ...section('Output', schemaLines(skill.output)),
    ...section(
      'Failures',
      skill.failures.map(({ code, when }) => `${code}: ${when}`),
    ),
    ...section(
      'Examples',
      skill.examples.flatMap(({ title, input, output }) => [
        oneLine(title),
        `  in   ${oneLine(JSON.stringify(input))}`,
        ...outputLines(`out  ${oneLine(JSON.stringify(output))}`, {
          columns: out.columns - 4,
          style,
          linesMax: EXAMPLE_LINES_MAX,
          more: `All of it: ${program} skills ${skill.name} --json`,
        }).map((line) => `  ${line}`),
      ]),
    ),
  ];
}

function effectsBy({ effectBy }: SkillResource): string[] {
  if (!effectBy) return [];
  return Object.entries(effectBy.values).map(
    ([value, effect]) => `${effect} with ${effectBy.property} ${value}`,
  );
}

function limitsOf({ limits, cost }: SkillResource): string[] {
  const price = {
    free: 'nothing',
    fixed: cost.kind === 'fixed' ? `${dollars(cost.usd)} a call` : '',
    tokens: cost.kind === 'tokens' ? `by tokens. ${cost.note}` : '',
  }[cost.kind];
  return [
    `one attempt takes at most ${duration(limits.timeoutMs)}, or up to ${duration(limits.timeoutMaxMs)} when the plan asks for it`,
    `its output is at most ${bytes(limits.outputBytes)}`,
    `it costs ${price}`,
  ];
}
