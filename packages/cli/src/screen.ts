import type { WriteStream } from 'node:tty';

import type { Screen } from './context.ts';

const COLUMNS = 80;
const ROWS = 24;

/** The screen behind a stream, in the size it has now. */
export function screenOf(stream: WriteStream, plain: boolean): Screen {
  return {
    rich: stream.isTTY && !plain,
    get columns() {
      return stream.isTTY ? stream.columns || COLUMNS : Infinity;
    },
    get rows() {
      return stream.rows || ROWS;
    },
    write(content) {
      stream.write(content);
    },
  };
}
