import { monitorEventLoopDelay } from 'node:perf_hooks';

import type { ProcessHandles } from './handle.ts';

const RESOLUTION_MS = 10;
const NANOSECONDS = 1e9;

/** Reads the process itself; the function it returns is called before each scrape. */
export function watchProcess(handles: ProcessHandles): () => void {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let cpuBefore = 0;
  return () => {
    // The histogram holds whole intervals between two ticks; the lag is what exceeds the resolution.
    const lag = delays.percentile(99) / NANOSECONDS - RESOLUTION_MS / 1000;
    handles.eventLoopLag.set({}, Number.isFinite(lag) ? Math.max(0, lag) : 0);
    delays.reset();

    handles.processMemory.set({}, process.memoryUsage.rss());
    const { user, system } = process.cpuUsage();
    const cpu = (user + system) / 1e6;
    handles.processCpu.inc({}, Math.max(0, cpu - cpuBefore));
    cpuBefore = cpu;
  };
}
