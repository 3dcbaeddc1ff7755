/** The JSON Schemas and types of everything the API takes and gives: one source for API and clients. */
export * from './resources/agent.ts';
export * from './resources/approval.ts';
export * from './resources/artifact.ts';
export * from './resources/event.ts';
export * from './resources/plan.ts';
export * from './resources/problem.ts';
export * from './resources/report.ts';
export * from './resources/run.ts';
export * from './resources/service.ts';
export * from './resources/simulation.ts';
export * from './resources/skill.ts';
export * from './resources/step.ts';
export * from './resources/target.ts';
export * from './resources/why.ts';
