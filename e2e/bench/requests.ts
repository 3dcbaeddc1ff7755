import type { LoadOrder, LoadReport } from './load.program.ts';
import { startProgram } from './program.ts';
import { PAYLOAD, PLAN } from './workload.ts';

export const CONNECTIONS = 64;
/** A caller may send 200 requests a second: so many callers can send more than this machine can take. */
export const CALLERS = 100;
const LIMIT_MS = 300_000;

export const REQUEST_BODY = JSON.stringify({
  goal: 'Pass a text on, three times',
  input: PAYLOAD,
  plan: PLAN,
});

/** Sends so many runs from a process of its own, over 64 connections. Every one must be accepted. */
export async function sendRuns(
  order: Pick<LoadOrder, 'keys' | 'count' | 'port'>,
): Promise<LoadReport> {
  const whole = { path: '/v1/runs', body: REQUEST_BODY, connections: CONNECTIONS, ...order };
  const file = new URL('load.program.ts', import.meta.url);
  await using client = await startProgram(file, [JSON.stringify(whole)], { limitMs: LIMIT_MS });
  const report = await client.go<LoadReport>();
  if (report.accepted !== order.count) {
    const others = JSON.stringify(report.others);
    throw new Error(`Of ${order.count} requests ${report.accepted} were accepted: ${others}`);
  }
  return report;
}
