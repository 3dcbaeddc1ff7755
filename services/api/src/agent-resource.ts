import type { Agent } from '@aos/core';
import type { AgentResource } from '@aos/sdk';

export function agentResource(agent: Agent): AgentResource {
  const { version, status, createdAt, definition } = agent;
  return { ...definition, version, status, createdAt: createdAt.toISOString() };
}

/** Changes with the version and with the status. */
export function etagOf({ version, status }: Agent): string {
  return status === 'active' ? `"${version}"` : `"${version}-disabled"`;
}
