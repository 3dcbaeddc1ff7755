import type { DrillStack } from '../stack.ts';

/** Everything rests, and nobody takes it back. */
export async function throwKillSwitch({ client }: DrillStack): Promise<void> {
  await client.admin.pause({ scope: 'everything', reason: 'A drill: somebody forgot it.' });
}
