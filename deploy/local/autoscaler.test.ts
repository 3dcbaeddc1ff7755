import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PACE } from '@aos/core';
import type { ScaleResource } from '@aos/sdk';

import { parseAutoscaleArguments } from './autoscale-arguments.ts';
import { autoscale } from './autoscaler.ts';
import type { Fleet } from './fleet.ts';

function signal(desired: number, live: number): ScaleResource {
  return {
    desired,
    reasons: [{ code: 'places', detail: 'There is much to do.', workers: desired }],
    inputs: { ready: 1, running: 2, queueAgeMs: 0, workers: live, slots: 20, drainPerS: null },
    min: 0,
    max: 1_000,
    targetAgeMs: 5_000,
    at: new Date(0).toISOString(),
  };
}

/** Each look takes one answer, an hour later than the one before; the last one ends it. */
async function run(answers: readonly (ScaleResource | Error)[]) {
  const stop = new AbortController();
  const sizes: number[] = [];
  const said: string[] = [];
  let looks = 0;
  const fleet: Fleet = {
    size: 1,
    ready: 1,
    resize: (workers) => void sizes.push(workers),
    stop: async () => {},
    killNow: () => {},
  };
  await autoscale({
    client: {
      scale: async (query) => {
        assert.deepEqual(query, { min: 0, targetAgeMs: 5_000 });
        const answer = answers[looks++];
        if (looks >= answers.length) stop.abort();
        if (answer instanceof Error) throw answer;
        return answer ?? signal(0, 1);
      },
    },
    fleet,
    min: 1,
    max: 4,
    targetAgeMs: 5_000,
    pace: PACE,
    everyMs: 1,
    now: () => looks * 3_600_000,
    say: (line) => void said.push(line),
    stop: stop.signal,
  });
  return { sizes, said };
}

test('it follows the signal within its limits, and tells each decision in a line', async () => {
  const { sizes, said } = await run([signal(3, 1), signal(9, 1), signal(1, 1), signal(1, 1)]);
  assert.deepEqual(sizes.slice(0, 4), [1, 3, 4, 3]);
  assert.deepEqual(said.slice(0, 3), [
    '1 worker to begin with, at most 4.',
    '1970-01-01T01:00:00.000Z 1 -> 3 workers. There is much to do.',
    '1970-01-01T02:00:00.000Z 3 -> 4 workers. There is much to do. More than 4 are not allowed.',
  ]);
  assert.match(
    said[3] ?? '',
    /4 -> 3 workers\. Fewer have been enough; 2 runs under way, 1 ready\.$/,
  );
});

test('workers that others have started are taken off', async () => {
  // Five live, and one of them is ours.
  const { sizes } = await run([signal(6, 5), signal(6, 5)]);
  assert.equal(sizes[1], 2);
});

test('while the API does not answer, those who work go on, and it is said once', async () => {
  const away = new Error('Nobody answers');
  const { sizes, said } = await run([signal(3, 1), away, away, signal(3, 1), signal(3, 1)]);
  assert.deepEqual(new Set(sizes.slice(1)), new Set([3]));
  assert.deepEqual(said.slice(2), [
    'The API does not tell the load: Nobody answers. It stays at 1 worker.',
    'The API answers again.',
  ]);
});

test('arguments that make no sense are told before anything starts', () => {
  assert.deepEqual(parseAutoscaleArguments(['--max=8', '--target-age=500ms', '--grace', '2m']), {
    min: 1,
    max: 8,
    targetAgeMs: 500,
    downAfterMs: 60_000,
    graceMs: 120_000,
  });
  const wrong = [
    '--min=65',
    '--max=0',
    '--max=65',
    '--target-age=5',
    '--down-after=1ms',
    '--nosuch=1',
  ];
  for (const args of [['--min=9', '--max=8'], ...wrong.map((one) => [one])]) {
    assert.throws(() => parseAutoscaleArguments(args), TypeError, args.join(' '));
  }
});
