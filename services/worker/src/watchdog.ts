import { Worker } from 'node:worker_threads';

import { workers } from '@aos/store';

const BEAT_EVERY_MS = 200;

/**
 * Ends a process whose main loop is stuck: it can no longer notice that its lease ran out. A thread of
 * its own watches a counter that the main loop raises. A process that was frozen as a whole is spared:
 * then the thread's own beat was late too.
 */
export function startWatchdog(): { stop(): Promise<number> } {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const timer = setInterval(() => Atomics.add(beats, 0, 1), BEAT_EVERY_MS);
  timer.unref();
  const limitMs = workers.LEASE_MS - workers.LEASE_MARGIN_MS;
  const thread = new Worker(WATCH, {
    eval: true,
    // Whatever flags the process was started with are not for this script.
    execArgv: [],
    workerData: { beats, limitMs, pid: process.pid },
  });
  thread.unref();
  return {
    stop() {
      clearInterval(timer);
      return thread.terminate();
    },
  };
}

const WATCH = `
  const { beats, limitMs, pid } = require('node:worker_threads').workerData;
  let seen = Atomics.load(beats, 0);
  let since = performance.now();
  let last = since;
  setInterval(() => {
    const now = performance.now();
    const count = Atomics.load(beats, 0);
    if (count !== seen || now - last > 1000) { seen = count; since = now; }
    last = now;
    if (now - since > limitMs) {
      process._rawDebug('{"level":"error","service":"worker","event":"worker.stuck","pid":' + pid + '}');
      process.kill(pid, 'SIGKILL');
    }
  }, 200);
`;
