import { AosError, failures, type Agent, type AgentDefinition } from '@aos/core';

import type { Db } from './db.ts';

interface AgentRow {
  readonly tenant_id: string;
  readonly version: number;
  readonly status: Agent['status'];
  readonly created_at: Date;
  readonly definition: AgentDefinition;
}

/** The newest version; undefined when there is no such agent. */
export async function find(db: Db, name: string): Promise<Agent | undefined> {
  const rows = await db.query<AgentRow>(
    `select tenant_id, version, status, created_at, definition
       from aos.agents
      where name = $1
      order by version desc
      limit 1`,
    [name],
  );
  return rows[0] && toAgent(rows[0]);
}

/** The newest version, or the one named. */
export async function get(db: Db, name: string, version?: number): Promise<Agent> {
  const agent = version === undefined ? await find(db, name) : await one(db, name, version);
  if (!agent) throw new AosError('agent_not_found', failures.agent_not_found.meaning);
  return agent;
}

/** The newest version of each agent. */
export async function list(db: Db): Promise<Agent[]> {
  const rows = await db.query<AgentRow>(
    `select distinct on (name) tenant_id, version, status, created_at, definition
       from aos.agents
      order by name, version desc`,
  );
  return rows.map(toAgent);
}

/** Version 1; undefined when the agent is there already. */
export async function create(
  db: Db,
  tenant: string,
  definition: AgentDefinition,
): Promise<Agent | undefined> {
  const rows = await db.query<AgentRow>(
    `insert into aos.agents (tenant_id, name, version, definition)
     values ($1, $2, 1, $3)
         on conflict do nothing
  returning tenant_id, version, status, created_at, definition`,
    [tenant, definition.name, JSON.stringify(definition)],
  );
  return rows[0] && toAgent(rows[0]);
}

/** The version after `newest`; undefined when `newest` is not the newest any more. */
export async function update(
  db: Db,
  tenant: string,
  definition: AgentDefinition,
  newest: number,
): Promise<Agent | undefined> {
  const rows = await db.query<AgentRow>(
    `insert into aos.agents (tenant_id, name, version, definition)
     select $1, $2, $4 + 1, $3
      where (select max(version) from aos.agents where tenant_id = $1 and name = $2) = $4
         on conflict do nothing
  returning tenant_id, version, status, created_at, definition`,
    [tenant, definition.name, JSON.stringify(definition), newest],
  );
  return rows[0] && toAgent(rows[0]);
}

/** The status is the agent's, so every version has it. */
export async function setStatus(db: Db, name: string, status: Agent['status']): Promise<void> {
  await db.query(`update aos.agents set status = $2 where name = $1 and status <> $2`, [
    name,
    status,
  ]);
}

async function one(db: Db, name: string, version: number): Promise<Agent | undefined> {
  const rows = await db.query<AgentRow>(
    `select tenant_id, version, status, created_at, definition
       from aos.agents
      where name = $1 and version = $2`,
    [name, version],
  );
  return rows[0] && toAgent(rows[0]);
}

function toAgent(row: AgentRow): Agent {
  return {
    tenant: row.tenant_id,
    version: row.version,
    status: row.status,
    createdAt: row.created_at,
    definition: row.definition,
  };
}
