import type { FromSchema, JsonSchema } from '@aos/core';

/** The form of Prometheus: of `http_sd_configs`, and of the files of `file_sd_configs`. */
export const scrapeTargetsSchema = {
  type: 'array',
  items: {
    type: 'object',
    required: ['targets', 'labels'],
    additionalProperties: false,
    properties: {
      targets: {
        type: 'array',
        items: { type: 'string', description: 'An address and a port.' },
      },
      labels: {
        type: 'object',
        required: ['service'],
        additionalProperties: false,
        properties: { service: { type: 'string', enum: ['api', 'worker'] } },
      },
    },
  },
} as const satisfies JsonSchema;

export type ScrapeTargets = FromSchema<typeof scrapeTargetsSchema>;
