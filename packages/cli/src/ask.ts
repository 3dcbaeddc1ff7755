import { createInterface, type Interface } from 'node:readline';

/**
 * A function that asks on the terminal and returns the line that is typed, or piped; undefined when there
 * are no more.
 */
export function askOn(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): (question: string) => Promise<string | undefined> {
  let lines: AsyncIterator<string> | undefined;
  let reader: Interface | undefined;
  return async (question) => {
    output.write(question);
    reader ??= createInterface({ input });
    lines ??= reader[Symbol.asyncIterator]();
    const { done, value } = await lines.next();
    return done ? undefined : value;
  };
}
