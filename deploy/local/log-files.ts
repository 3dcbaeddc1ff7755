import { existsSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';

/** Logs of this many starts are kept, the current one included. */
export const LOGS_KEPT = 5;

/** Moves the logs of earlier starts one further and opens a new one; returns its descriptor. */
export function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  for (let age = LOGS_KEPT - 1; age >= 1; age--) {
    const younger = age === 1 ? file : `${file}.${age - 1}`;
    if (existsSync(younger)) renameSync(younger, `${file}.${age}`);
  }
  return openSync(file, 'a', 0o600);
}

/** The last lines, to show why a service ended. */
export function tailOf(file: string, lines = 5): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
