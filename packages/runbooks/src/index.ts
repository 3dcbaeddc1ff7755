/** Floor 2: runbooks: pages for people whose steps a program can walk. Knows ports only: no HTTP, no terminal. */
export { libraryOf, OWN_RUNBOOKS, type Library, type Page } from './library.ts';
export { lintLibrary, lintRunbook, type Known, type OpenApiDocument } from './lint.ts';
export { stepProblems } from './lint-steps.ts';
export { parseRunbook, type Parsed } from './parse.ts';
export { missingVariables } from './missing-variables.ts';
export type { ActStep, Runbook, Source, Step, Value } from './runbook.ts';
export {
  resultText,
  timelineMarkdown,
  type Entry,
  type Outcome,
  type Timeline,
} from './timeline.ts';
export { walk, type Answer, type Ports, type Reading } from './walk.ts';
