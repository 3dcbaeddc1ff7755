import { starterAgents } from '@aos/agents';
import { agents, type Database } from '@aos/store';

const TENANT = 'default';

/** The agents AOS ships with, in version 1; those that are there already stay as they are. */
export async function publishStarterAgents(owner: Database): Promise<void> {
  for (const definition of starterAgents) await agents.create(owner, TENANT, definition);
}
