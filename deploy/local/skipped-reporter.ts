import type { TestEvent } from 'node:test/reporters';

/** A reporter of node:test that tells only the tests that were not really run, one a line. */
// oxlint-disable-next-line import/no-default-export -- node:test wants it so
export default async function* skipped(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.skip !== undefined || data.todo !== undefined) yield `${data.name}\n`;
  }
}
