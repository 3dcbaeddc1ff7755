import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Bench, Measure } from '../bench.ts';
import { residentMb } from '../processes.ts';
import { assertAllSucceeded, installProduct, untilFinished } from '../product.ts';
import { interleave, rowsOf, type Side } from '../rounds.ts';

const RUNS = 4_000;
/** What starting leaves is garbage, which V8 collects within half a minute of idleness. */
const SETTLE_MS = 30_000;
const LOOK_EVERY_MS = 100;

interface Sample {
  readonly idleMb: number;
  readonly loadMb: number;
}

/** The resident memory of a worker that has nothing to do, and the most of one that drains. */
export const memory: Measure = {
  name: 'memory',
  about: 'resident memory of a worker, idle and while it drains',
  async take(bench) {
    const sides = [ours(bench, bench.count(RUNS)), bareNode()];
    return rowsOf(await interleave(sides, { ...bench.rounds, tell }), 'memory', [
      { measure: 'idle', unit: 'MB', value: ({ idleMb }) => idleMb },
      { measure: 'load', unit: 'MB', value: ({ loadMb }) => loadMb },
    ]);
  },
};

function tell({ idleMb, loadMb }: Sample): string {
  return `${idleMb.toFixed(0)} MB idle, ${loadMb.toFixed(0)} MB at most`;
}

function ours(bench: Bench, count: number): Side<Sample> {
  return {
    name: 'aos',
    async take() {
      await using product = await installProduct(bench.server);
      const { pid } = await product.startWorker();
      await sleep(SETTLE_MS);
      const idleMb = residentMb(pid);
      let loadMb = idleMb;
      const timer = setInterval(() => (loadMb = Math.max(loadMb, residentMb(pid))), LOOK_EVERY_MS);
      try {
        await product.load(count);
        await untilFinished(product);
      } finally {
        clearInterval(timer);
      }
      await assertAllSucceeded(product, count);
      return { idleMb, loadMb };
    },
  };
}

function bareNode(): Side<Sample> {
  return {
    name: 'Node with an empty program',
    async take() {
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      await sleep(SETTLE_MS);
      const idleMb = residentMb(child.pid ?? 0);
      child.kill('SIGKILL');
      return { idleMb, loadMb: idleMb };
    },
  };
}
