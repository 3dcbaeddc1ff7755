/** Floor 2: turns a goal and the catalog into a plan, or refuses with a reason. Never sees a skill's code. */
export * from './logic.ts';
export * from './planners.ts';
export * from './conformance.ts';
export { createRulesPlanner } from './rules-planner.ts';
export { createClaudePlanner } from './claude-planner.ts';
