import { stripVTControlCharacters } from 'node:util';

import type { Screen } from '../context.ts';
import { widthOf } from '../text/width.ts';

/** Paints pictures over each other at the place where the first one was painted. */
export interface Painter {
  paint(lines: readonly string[]): void;
}

const LINE_REST = '\u001b[K';
const SCREEN_REST = '\u001b[J';

export function painterOf(screen: Screen): Painter {
  let widths: readonly number[] = [];
  let last = '';
  return {
    paint(lines) {
      const picture = lines.map((line) => `${line}${LINE_REST}\n`).join('');
      // A narrower window has broken the old lines into several.
      const rows = widths.reduce(
        (sum, width) => sum + Math.max(1, Math.ceil(width / screen.columns)),
        0,
      );
      if (picture === last) return;
      screen.write(`${rows > 0 ? `\u001b[${rows}A\r` : ''}${picture}${SCREEN_REST}`);
      widths = lines.map((line) => widthOf(stripVTControlCharacters(line)));
      last = picture;
    },
  };
}
