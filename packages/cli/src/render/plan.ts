import type { Json, JsonObject } from '@aos/core';

import type { Context } from '../context.ts';
import { oneLine } from '../text/clean.ts';
import { styleOf } from '../text/style.ts';
import { fit } from '../text/width.ts';

/** A step of a plan, and what there is to say about it. */
export interface PlanLine {
  readonly key: string;
  readonly skill: string;
  readonly after: readonly string[];
  readonly input: JsonObject;
  readonly forEach: boolean;
  readonly when?: string | undefined;
  /** One sentence a line. */
  readonly details: readonly string[];
  /** A sentence a reader must not miss. */
  readonly warnings: readonly string[];
}

const VALUE_CHARS_MAX = 100;

/** The steps in the order in which they may start, each one deeper than what it waits for. */
export function planLines({ out }: Context, steps: readonly PlanLine[]): string[] {
  const style = styleOf(out.rich);
  const depths = depthsOf(steps);
  const ordered = steps.toSorted((a, b) => (depths.get(a.key) ?? 0) - (depths.get(b.key) ?? 0));
  return ordered.flatMap((step, index) => {
    const indent = '  '.repeat(Math.min(depths.get(step.key) ?? 0, 8));
    const text = (line: string) => fit(`${indent}     ${line}`, out.columns);
    const after = step.after.length > 0 ? `  after ${step.after.join(', ')}` : '';
    const each = step.forEach ? '  for each item' : '';
    return [
      `${indent}${String(index + 1).padStart(2)}. ${style('bold', step.key)}  ${step.skill}${each}${style('dim', after)}`,
      ...(step.when === undefined ? [] : [text(`only when ${oneLine(step.when)}`)]),
      ...Object.entries(step.input).map(([name, value]) =>
        style('dim', text(`${name}: ${inShort(value)}`)),
      ),
      ...step.details.map(text),
      ...step.warnings.map((line) => style('yellow', text(line))),
    ];
  });
}

function inShort(value: Json): string {
  return fit(oneLine(typeof value === 'string' ? value : JSON.stringify(value)), VALUE_CHARS_MAX);
}

/** The longest way from a step without dependencies. A plan that breaks the rules may have a cycle. */
function depthsOf(steps: readonly PlanLine[]): ReadonlyMap<string, number> {
  const depths = new Map(steps.map(({ key }) => [key, 0]));
  for (let pass = 0; pass < steps.length; pass++) {
    let changed = false;
    for (const { key, after } of steps) {
      const depth = Math.max(0, ...after.map((name) => (depths.get(name) ?? -1) + 1));
      if (depth === depths.get(key) || depth > steps.length) continue;
      depths.set(key, depth);
      changed = true;
    }
    if (!changed) break;
  }
  return depths;
}
