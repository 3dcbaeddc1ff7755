import type { JsonObject, Plan } from '@aos/core';

export const STEPS = 3;

/** Two sentences of half a kilobyte: short enough to pass the extractive summary as they are. */
const TEXT = [1, 2]
  .map((n) => `Part ${n} says ${'nothing in words that somebody has to read and '.repeat(10)}ends.`)
  .join(' ');

/** About 1 KB, the same for every contestant. */
export const PAYLOAD: JsonObject = { text: TEXT };

/**
 * Three steps, each on the output of the one before. The skill is the cheapest of the product that runs
 * in the worker itself and changes nothing: a summary of a text that is short enough is the text. It
 * takes about 0.02 ms and gives back what it was given, so a step is 1 KB in and 1 KB out.
 */
export const PLAN: Plan = {
  version: 1,
  steps: Array.from({ length: STEPS }, (_, n) => ({
    key: `step${n + 1}`,
    skill: 'llm_invoke',
    input: {
      task: 'summarize',
      prompt: 'Pass on.',
      input: n === 0 ? '${input.text}' : `\${step${n}.text}`,
      sentences: 20,
    },
  })),
};
