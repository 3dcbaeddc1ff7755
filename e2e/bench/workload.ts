import type { JsonObject, Plan } from '@aos/core';

export const STEPS = 3;

/** Twelve labels, which the summary without a model tells as one sentence of about 1 KB. */
const LABELS = Array.from({ length: 12 }, (_, n) => `Label ${n} of ${'many words '.repeat(6)}`);

/** About 1 KB, the same for every contestant. */
export const PAYLOAD: JsonObject = { labels: LABELS };

/**
 * Three steps, each on the output of the one before. The skill is the cheapest of the product that runs
 * in the worker itself and changes nothing: a summary without a model of a list of labels, about
 * 0.007 ms. Each step gets the list and the 1 KB that the step before gave, and gives 1 KB.
 */
export const PLAN: Plan = {
  version: 1,
  steps: Array.from({ length: STEPS }, (_, n) => ({
    key: `step${n + 1}`,
    skill: 'llm_invoke',
    input: {
      task: 'summarize',
      prompt: n === 0 ? 'Tell it.' : `\${step${n}.text}`,
      input: '${input.labels}',
    },
  })),
};
