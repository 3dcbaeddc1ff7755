/**
 * Floor 1: language models behind one interface, with what they cost. Knows no plan, no skill and no
 * environment; never retries.
 */
export {
  CLAUDE_MODEL,
  CLAUDE_URL,
  createClaude,
  REPAIRS_MAX,
  type ClaudeOptions,
} from './claude.ts';
export type { Model, ModelAnswer, ModelRequest, ModelTool } from './model.ts';
export { costOf, isFree, type Tokens } from './prices.ts';
