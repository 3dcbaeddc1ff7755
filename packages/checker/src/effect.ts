import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';

import { AosError, effectClasses, isObject, type EffectClass } from '@aos/core';

/** One attempt at an effect, as the other side saw it. */
export interface Effect {
  readonly at: number;
  readonly run: string;
  readonly step: string;
  readonly attempt?: number;
  readonly key?: string;
  /** Whether it changed something: a repeated call with a known key does not. */
  readonly applied: boolean;
  readonly class?: EffectClass;
}

/** All of it is in memory, by run. */
export const EFFECTS_BYTES_MAX = 256 * 1024 * 1024;

/** Reads an effects log: a JSON object a line. Throws `invalid_request` with the line that is none. */
export async function readEffects(file: string): Promise<ReadonlyMap<string, Effect[]>> {
  const { size } = await stat(file);
  if (size > EFFECTS_BYTES_MAX) {
    throw new AosError(
      'invalid_request',
      `${file} has ${size} bytes; at most ${EFFECTS_BYTES_MAX} are read. Give a part of it.`,
    );
  }
  const byRun = new Map<string, Effect[]>();
  let number = 0;
  for await (const line of createInterface({
    input: createReadStream(file),
    crlfDelay: Infinity,
  })) {
    number++;
    if (line.trim() === '') continue;
    const effect = parseEffect(line, `${file}, line ${number}`);
    const list = byRun.get(effect.run);
    if (list) list.push(effect);
    else byRun.set(effect.run, [effect]);
  }
  for (const list of byRun.values()) list.sort((a, b) => a.at - b.at);
  return byRun;
}

export function parseEffect(line: string, place: string): Effect {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new AosError('invalid_request', `${place} is no JSON.`, { cause: error });
  }
  const wrong = (what: string) => new AosError('invalid_request', `${place}: ${what}.`);
  if (!isObject(value)) throw wrong('not an object');
  const { t, run, step, attempt, key, applied, class: kind } = value;
  const at = typeof t === 'number' ? t : typeof t === 'string' ? Date.parse(t) : Number.NaN;
  if (Number.isNaN(at)) throw wrong('t must be a time: RFC 3339 or milliseconds since 1970');
  if (typeof run !== 'string' || !run.startsWith('run_'))
    throw wrong('run must be the id of a run');
  if (typeof step !== 'string') throw wrong('step must be the key of a step');
  if (typeof applied !== 'boolean') throw wrong('applied must be true or false');
  const known = effectClasses.find((one) => one === kind);
  if (kind !== undefined && !known) throw wrong(`class must be one of ${effectClasses.join(', ')}`);
  return {
    at,
    run,
    step,
    applied,
    ...(typeof attempt === 'number' && { attempt }),
    ...(typeof key === 'string' && { key }),
    ...(known && { class: known }),
  };
}
