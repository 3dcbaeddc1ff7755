/** Floor 2: agent definitions and the agents AOS ships with. Data only: knows no planner, skill or store. */
export { defineAgent } from './base.ts';
export { starterAgents } from './starter.ts';
