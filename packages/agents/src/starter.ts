import type { AgentDefinition, JsonObject, PlanStep, PlanTemplate } from '@aos/core';

import { defineAgent } from './base.ts';

const url = { type: 'string', pattern: '^https?://', maxLength: 2048, description: 'A web page.' };

const pageHeadingsSummary: PlanTemplate = {
  description: 'Fetch a page, extract its headings and summarize them.',
  parameters: parameters({ url }),
  plan: {
    version: 1,
    steps: [
      ...extracted('', '${input.url}', ['title', 'headings']),
      {
        key: 'summarize',
        skill: 'llm_invoke',
        input: {
          task: 'summarize',
          prompt:
            'Summarize the headings of ${input.url}. Say so when there is nothing in the input.',
          input: '${extract.headings}',
        },
      },
    ],
    output: {
      title: '${extract.title}',
      headings: '${extract.headings}',
      summary: '${summarize.text}',
    },
  },
};

const savePageText: PlanTemplate = {
  description: 'Fetch a page and save its readable text to a file of the run.',
  parameters: parameters({
    url,
    name: { type: 'string', minLength: 1, maxLength: 200, default: 'page.txt' },
  }),
  plan: {
    version: 1,
    steps: [
      ...extracted('', '${input.url}', ['text']),
      {
        key: 'save',
        skill: 'system_write_file',
        input: { name: '${input.name}', content: '${extract.text}' },
      },
    ],
    output: { file: '${save.name}', bytes: '${save.bytes}', digest: '${save.digest}' },
  },
};

/** Headings that both pages have, or only one of them. */
export const COMPARISON = `(
  $first := [first.text]; $second := [second.text];
  {
    "both": [$distinct($first[$ in $second])],
    "onlyFirst": [$distinct($first[$not($ in $second)])],
    "onlySecond": [$distinct($second[$not($ in $first)])]
  }
)`;

const comparePages: PlanTemplate = {
  description: 'Compare the headings of two pages and report what both have and what only one has.',
  parameters: parameters({ first: url, second: url }),
  plan: {
    version: 1,
    steps: [
      ...extracted('_first', '${input.first}', ['headings']),
      ...extracted('_second', '${input.second}', ['headings']),
      {
        key: 'compare',
        skill: 'json_transform',
        input: {
          data: { first: '${extract_first.headings}', second: '${extract_second.headings}' },
          expression: COMPARISON,
        },
      },
      {
        key: 'report',
        skill: 'log_report',
        input: {
          title: 'Two pages compared',
          sections: [
            { heading: 'In both', content: '${compare.result.both}' },
            { heading: 'Only in ${input.first}', content: '${compare.result.onlyFirst}' },
            { heading: 'Only in ${input.second}', content: '${compare.result.onlySecond}' },
          ],
        },
      },
    ],
    output: { comparison: '${compare.result}', report: '${report.name}' },
  },
};

/** The agents every installation begins with. */
export const starterAgents: readonly AgentDefinition[] = [
  defineAgent({
    name: 'general',
    description: 'Pursues any goal with the skills it has.',
    templates: {
      'page-headings-summary': pageHeadingsSummary,
      'save-page-text': savePageText,
      'compare-pages': comparePages,
    },
  }),
];

function parameters(properties: JsonObject): PlanTemplate['parameters'] {
  const required = Object.entries(properties)
    .filter(([, schema]) => !Object.hasOwn(schema as JsonObject, 'default'))
    .map(([name]) => name);
  return { type: 'object', required, additionalProperties: false, properties };
}

/** The two steps that lead from an address to parts of its page. */
function extracted(suffix: string, address: string, parts: readonly string[]): PlanStep[] {
  const fetch = `fetch${suffix}`;
  return [
    { key: fetch, skill: 'http_request', input: { url: address } },
    {
      key: `extract${suffix}`,
      skill: 'html_extract',
      input: {
        html: `\${${fetch}.text}`,
        contentType: `\${${fetch}.contentType}`,
        baseUrl: `\${${fetch}.url}`,
        extract: parts,
      },
    },
  ];
}
