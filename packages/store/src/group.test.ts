import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createGroup, type GroupOptions } from './group.ts';

/** A group whose flushes end when the test says so. */
function aGroup(more: Partial<GroupOptions<number, string>> = {}) {
  const flushes: { items: readonly number[]; lane: number; end: PromiseWithResolvers<void> }[] = [];
  const group = createGroup<number, string>({
    lanes: 2,
    batchMax: 3,
    laneOf: (item) => item,
    async flush(items, lane) {
      const end = Promise.withResolvers<void>();
      flushes.push({ items, lane, end });
      await end.promise;
      return items.map((item) => `done ${item}`);
    },
    ...more,
  });
  return { group, flushes };
}

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

test('what arrives while a lane is busy shares its next flush, in order and bounded', async () => {
  const { group, flushes } = aGroup();
  const first = group.add(0);
  await turn();
  const later = [2, 4, 6, 8].map((item) => group.add(item));
  await turn();
  assert.deepEqual(
    flushes.map(({ items }) => items),
    [[0]],
    'nothing flushes beside a flush',
  );
  flushes[0]?.end.resolve();
  assert.equal(await first, 'done 0');
  await turn();
  assert.deepEqual(flushes[1]?.items, [2, 4, 6], 'at most three at once');
  flushes[1]?.end.resolve();
  await turn();
  flushes[2]?.end.resolve();
  assert.deepEqual(await Promise.all(later), ['done 2', 'done 4', 'done 6', 'done 8']);
});

test('lanes do not wait for each other', async () => {
  const { group, flushes } = aGroup();
  void group.add(0);
  const other = group.add(1);
  await turn();
  assert.deepEqual(
    flushes.map(({ lane }) => lane),
    [0, 1],
  );
  flushes[1]?.end.resolve();
  assert.equal(await other, 'done 1');
  flushes[0]?.end.resolve();
});

test('a flush that fails fails its own items, and the lane goes on', async () => {
  let times = 0;
  const { group } = aGroup({
    async flush(items) {
      times++;
      if (times === 1) throw new Error('disk full');
      return items.map((item) => `done ${item}`);
    },
  });
  const failing = [group.add(0), group.add(2)];
  for (const one of failing) await assert.rejects(one, /disk full/);
  assert.equal(await group.add(4), 'done 4');
});

test('drained means that nothing is under way any more', async () => {
  const { group, flushes } = aGroup();
  await group.drained();
  void group.add(0);
  void group.add(1);
  let drained = false;
  const end = group.drained().then(() => (drained = true));
  await turn();
  flushes[0]?.end.resolve();
  await turn();
  assert.equal(drained, false);
  flushes[1]?.end.resolve();
  await end;
  assert.equal(drained, true);
});
