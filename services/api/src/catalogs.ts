import { AosError, type Agent, type AgentDefinition, type Catalog } from '@aos/core';
import { agents, skills, type Database } from '@aos/store';

export interface Catalogs {
  skills(): Promise<readonly skills.PublishedSkill[]>;
  /** What live code can do. Throws `not_ready` before the first worker has said so. */
  catalog(): Promise<Catalog>;
  /**
   * The newest version of an agent, at most a second old; without a name the one that is used when nobody
   * names one.
   */
  agent(tenant: string, name?: string): Promise<Agent | undefined>;
  /** It was changed here: the next reader sees the change. */
  forgetAgent(tenant: string, name: string): void;
  /** Makes sure the tenant has the agents that AOS comes with. */
  ensureAgents(tenant: string): Promise<void>;
}

const CACHE_MS = 1_000;
const EMPTY_RETRY_MS = 2_000;
const AGENTS_KEPT_MAX = 1_000;

/** The skills, read at most once a second, and the agents of tenants. */
export function createCatalogs(database: Database, shipped: readonly AgentDefinition[]): Catalogs {
  const published = cached(() => skills.list(database));
  /** Of each reading: the same object, as long as it is the same reading. */
  const catalogs = new WeakMap<readonly skills.PublishedSkill[], Catalog>();
  const found = new Map<string, () => Promise<Agent | undefined>>();
  const ensured = new Set<string>();

  const ensureAgents = async (tenant: string): Promise<void> => {
    if (ensured.has(tenant)) return;
    await database.actingFor([tenant], async (tx) => {
      for (const definition of shipped) await agents.create(tx, tenant, definition);
    });
    ensured.add(tenant);
  };

  return {
    skills: published,
    async catalog() {
      const list = await published();
      if (list.length === 0) {
        throw new AosError('not_ready', 'No worker has told yet what it can do; start one.', {
          retryAfterMs: EMPTY_RETRY_MS,
        });
      }
      let byName = catalogs.get(list);
      if (!byName) {
        byName = new Map(list.map(({ manifest }) => [manifest.name, manifest]));
        catalogs.set(list, byName);
      }
      return byName;
    },
    async agent(tenant, name = shipped[0]?.name ?? 'default') {
      const key = `${tenant} ${name}`;
      let read = found.get(key);
      if (!read) {
        read = cached(async () => {
          await ensureAgents(tenant);
          return database.actingFor([tenant], (tx) => agents.find(tx, name));
        });
        if (found.size >= AGENTS_KEPT_MAX) found.clear();
        found.set(key, read);
      }
      return read();
    },
    forgetAgent: (tenant, name) => void found.delete(`${tenant} ${name}`),
    ensureAgents,
  };
}

/** Shares one reading among all who ask within a second. A failed one is not kept. */
export function cached<T>(read: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | undefined;
  let at = 0;
  return () => {
    if (value && performance.now() - at < CACHE_MS) return value;
    const reading = read();
    value = reading;
    at = performance.now();
    reading.catch(() => {
      if (value === reading) value = undefined;
    });
    return reading;
  };
}
