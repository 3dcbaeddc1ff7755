import { styleText } from 'node:util';

export type Tone = 'bold' | 'dim' | 'green' | 'red' | 'yellow';

export type Style = (tone: Tone, text: string) => string;

/** Colours where they are welcome, the bare text elsewhere. */
export function styleOf(rich: boolean): Style {
  return rich
    ? (tone, text) => styleText(tone, text, { validateStream: false })
    : (_, text) => text;
}

const tones: ReadonlyMap<string, Tone> = new Map([
  ['succeeded', 'green'],
  ['completed', 'green'],
  ['failed', 'red'],
  ['cancelled', 'yellow'],
  ['waiting', 'yellow'],
  ['skipped', 'dim'],
  ['pending', 'dim'],
]);

/** The tone of a status or an outcome. */
export function toneOf(state: string): Tone | undefined {
  return tones.get(state);
}
