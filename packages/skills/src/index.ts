/**
 * Floor 2: what agents can do. Every skill is a manifest and a function behind one boundary that never
 * throws. Knows no run, plan or store: the network, the workspace, the model and databases come as ports.
 */
export type { Skill, SkillContext, SkillReturn } from './base.ts';
export { defineSkill, execute, UncertainError } from './base.ts';
export type { ModelPort } from './llm-invoke.ts';
export { createPool, type Pool } from './pool.ts';
export {
  createPostgresConnections,
  type PostgresConnections,
  type QueryConnection,
} from './postgres/connections.ts';
export { createSkills, type SkillDeps, type SkillSet } from './skill-set.ts';
export type { Workspace } from './workspace.ts';
