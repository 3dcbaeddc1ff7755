import type { AgentDefinition } from '@aos/core';

import type { Database, Db } from './db.ts';

/** Which version of which agent. */
export interface AgentVersion {
  readonly tenant_id: string;
  readonly agent: string;
  readonly agent_version: number;
}

const KEPT_MAX = 1_000;
const kept = new WeakMap<Database, Map<string, AgentDefinition>>();

/** The definitions, in the order asked. A version never changes, so each is read once through a database. */
export async function definitionsOf(
  database: Database,
  tx: Db,
  asked: readonly AgentVersion[],
): Promise<AgentDefinition[]> {
  const known = kept.get(database) ?? new Map<string, AgentDefinition>();
  kept.set(database, known);
  const unknown = asked.filter((one) => !known.has(keyOf(one)));
  if (unknown.length > 0) {
    if (known.size + unknown.length > KEPT_MAX) known.clear();
    for (const row of await read(tx, unknown)) known.set(keyOf(row), row.definition);
  }
  return asked.map((one) => known.get(keyOf(one)) as AgentDefinition);
}

function read(tx: Db, asked: readonly AgentVersion[]) {
  return tx.query<AgentVersion & { readonly definition: AgentDefinition }>(
    `select a.tenant_id, a.name as agent, a.version as agent_version, a.definition
       from aos.agents a
      where (a.tenant_id, a.name, a.version) in (
            select * from unnest($1::text[], $2::text[], $3::int[]))`,
    [
      asked.map(({ tenant_id }) => tenant_id),
      asked.map(({ agent }) => agent),
      asked.map(({ agent_version }) => agent_version),
    ],
  );
}

function keyOf({ tenant_id, agent, agent_version }: AgentVersion): string {
  return `${tenant_id} ${agent} ${agent_version}`;
}
