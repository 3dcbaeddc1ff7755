/** What a terminal of this width shows after these bytes: the lines of its screen and scrollback. */
export function screenAfter(bytes: string, columns: number): string[] {
  const lines: string[][] = [[]];
  let row = 0;
  let column = 0;
  // oxlint-disable-next-line no-control-regex -- the sequences of a terminal
  for (const [part] of bytes.matchAll(/\u001b\[[0-9;?]*[A-Za-z]|[^]/gu)) {
    if (part.startsWith('\u001b[')) obey(part);
    else if (part === '\n') lines[++row] ??= [];
    else if (part === '\r') column = 0;
    else put(part);
  }
  return lines.map((line) => Array.from(line, (character) => character ?? ' ').join(''));

  function obey(sequence: string): void {
    const count = Number(/\d+/.exec(sequence)?.[0] ?? 1);
    if (sequence.endsWith('A')) row = Math.max(0, row - count);
    else if (sequence.endsWith('K')) lines[row]?.splice(column);
    else if (sequence.endsWith('J')) {
      lines.splice(row + 1);
      lines[row]?.splice(column);
    } else if (!sequence.endsWith('m'))
      throw new Error(`Unknown to the test: ${JSON.stringify(sequence)}`);
  }

  function put(character: string): void {
    if (column === columns) {
      column = 0;
      row += 1;
    }
    const line = (lines[row] ??= []);
    line[column] = character;
    column += 1;
  }
}
