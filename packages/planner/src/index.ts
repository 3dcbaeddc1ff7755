/** Floor 2: turns a goal and the catalog into a plan, or refuses with a reason. Never sees a skill's code. */
export * from './logic.ts';
