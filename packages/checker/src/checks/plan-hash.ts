import { hashJson, type Json } from '@aos/core';

import type { RunCheck } from '../check.ts';

/** Plans are what their hashes say, and the journal tells of each version with that hash. */
export const planHash: RunCheck = {
  kind: 'run',
  invariant: 'I9',
  *check({ plans, events }) {
    const told = new Map(
      events.flatMap(({ event }) =>
        event.type === 'run.planned' ? [[event.version, event.planHash] as const] : [],
      ),
    );
    for (const { version, plan, hash } of plans) {
      const real = hashJson(plan as unknown as Json);
      if (real !== hash) yield `Plan ${version} has the hash ${real}; it is stored with ${hash}.`;
      if (told.get(version) !== hash) {
        yield `Plan ${version} is stored with ${hash}; its journal says ${told.get(version) ?? 'nothing'}.`;
      }
      told.delete(version);
    }
    for (const version of told.keys()) yield `Plan ${version} is in the journal and is not there.`;
  },
};
