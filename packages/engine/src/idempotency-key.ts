import { hash } from 'node:crypto';

/**
 * What the other side recognises a repeated call by: 26 letters and digits, a function of run and step
 * alone, so every attempt on every worker sends the same.
 */
export function idempotencyKeyOf(runId: string, stepKey: string): string {
  const digest = hash('sha256', `${runId}|${stepKey}`);
  return BigInt(`0x${digest}`).toString(36).padStart(50, '0').slice(0, 26);
}
