import { runEventTypes, type FromSchema, type JsonSchema } from '@aos/core';

import { eventSchema } from './event.ts';
import { time, timeOrNull } from './shared.ts';

export const eventTypes = {
  type: 'array',
  items: { type: 'string', enum: runEventTypes },
  maxItems: 50,
  uniqueItems: true,
  description: 'Types of events; all of them when the list is empty or left out.',
} as const satisfies JsonSchema;

const place = {
  type: 'string',
  minLength: 1,
  maxLength: 500,
  description: 'start, end, a time, or the cursor of an event.',
} as const satisfies JsonSchema;

/** An event in the log of all runs. `id` is the same however often it comes. */
export const logEventSchema = {
  type: 'object',
  required: ['id', 'cursor', 'runId', 'seq', 'at', 'type', 'data'],
  additionalProperties: false,
  properties: {
    id: { type: 'string', description: 'Tells apart what comes twice.' },
    cursor: { type: 'string', description: 'Its place in the log.' },
    ...eventSchema.properties,
  },
} as const satisfies JsonSchema;

export const logEventListSchema = {
  type: 'object',
  required: ['items', 'nextAfter', 'caughtUp'],
  additionalProperties: false,
  properties: {
    items: { type: 'array', items: logEventSchema },
    nextAfter: { type: 'string', description: 'Give it as `after` to read on.' },
    caughtUp: { type: 'boolean', description: 'There is nothing more for now.' },
  },
} as const satisfies JsonSchema;

/** A group of programs that read the log and remember how far. */
export const consumerSchema = {
  type: 'object',
  required: ['name', 'types', 'leaseSeconds', 'createdBy', 'createdAt', 'reset', 'parts'],
  additionalProperties: false,
  properties: {
    name: { type: 'string' },
    types: eventTypes,
    leaseSeconds: { type: 'number' },
    createdBy: { type: 'string' },
    createdAt: time,
    reset: {
      anyOf: [
        {
          type: 'object',
          required: ['at', 'by', 'reason'],
          additionalProperties: false,
          properties: { at: time, by: { type: 'string' }, reason: { type: 'string' } },
        },
        { type: 'null' },
      ],
    },
    parts: {
      type: 'array',
      description: 'Shares of the runs, each with its own offset, read by one member at a time.',
      items: {
        type: 'object',
        required: ['part', 'member', 'leaseUntil', 'ackedAt', 'cursor'],
        additionalProperties: false,
        properties: {
          part: { type: 'integer' },
          member: { type: ['string', 'null'] },
          leaseUntil: timeOrNull,
          ackedAt: time,
          cursor: { type: 'string', description: 'Everything up to here was acknowledged.' },
        },
      },
    },
    lag: {
      type: 'object',
      required: ['events', 'atLeast', 'seconds'],
      additionalProperties: false,
      properties: {
        events: { type: 'integer', description: 'Events that were not acknowledged.' },
        atLeast: { type: 'boolean', description: 'There are more; not all were counted.' },
        seconds: { type: 'number', description: 'Age of the oldest of them.' },
      },
    },
  },
} as const satisfies JsonSchema;

export const consumerListSchema = {
  type: 'object',
  required: ['items'],
  additionalProperties: false,
  properties: { items: { type: 'array', items: consumerSchema } },
} as const satisfies JsonSchema;

/** The body of `POST /v1/consumers`. */
export const newConsumerSchema = {
  type: 'object',
  required: ['name'],
  additionalProperties: false,
  properties: {
    name: { type: 'string', pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' },
    types: eventTypes,
    parts: {
      type: 'integer',
      minimum: 1,
      maximum: 16,
      description: 'How many members can read at the same time; 1 when it is left out.',
    },
    leaseSeconds: {
      type: 'integer',
      minimum: 1,
      maximum: 600,
      description: 'How long a member may be silent before another takes over; 30.',
    },
    from: { ...place, description: `Where it begins: ${place.description} end by default.` },
  },
} as const satisfies JsonSchema;

/** What a member of a consumer was handed. */
export const consumerEventsSchema = {
  type: 'object',
  required: ['part', 'items', 'leaseUntil', 'restored', 'missed'],
  additionalProperties: false,
  properties: {
    part: { type: ['integer', 'null'], description: 'null: other members hold all parts.' },
    items: {
      type: 'array',
      items: logEventSchema,
      description: 'Acknowledge the cursor of the last one that was dealt with.',
    },
    leaseUntil: timeOrNull,
    restored: {
      type: 'boolean',
      description: 'The database was restored: events that were acknowledged are lost.',
    },
    missed: {
      type: 'boolean',
      description: 'It was too far behind: events were dropped before it read them.',
    },
  },
} as const satisfies JsonSchema;

const member = {
  type: 'string',
  pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$',
  description: 'The name of this program among those of the consumer; default by default.',
} as const satisfies JsonSchema;

export const consumerMember = member;

/** The body of `POST /v1/consumers/:name/ack`. */
export const ackSchema = {
  type: 'object',
  required: ['after'],
  additionalProperties: false,
  properties: { after: { type: 'string', minLength: 1, maxLength: 500 }, member },
} as const satisfies JsonSchema;

/** The body of `POST /v1/consumers/:name/reset`. */
export const resetSchema = {
  type: 'object',
  required: ['from', 'reason'],
  additionalProperties: false,
  properties: { from: place, reason: { type: 'string', minLength: 1, maxLength: 500 } },
} as const satisfies JsonSchema;

/** The log as its keeper sees it: its parts, and why old ones are still there. */
export const logStateSchema = {
  type: 'object',
  required: ['incarnation', 'parts', 'held', 'sweptAt'],
  additionalProperties: false,
  properties: {
    incarnation: {
      type: 'object',
      required: ['n', 'beganAt', 'reason', 'moved'],
      additionalProperties: false,
      properties: {
        n: { type: 'integer' },
        beganAt: time,
        reason: { type: 'string' },
        moved: {
          type: 'boolean',
          description:
            'The database was restored, failed over or moved since. If the end of it may be lost, stop the services and run `aos adopt`.',
        },
      },
    },
    parts: {
      type: 'array',
      items: {
        type: 'object',
        required: ['part', 'from', 'to'],
        additionalProperties: false,
        properties: { part: { type: 'string' }, from: timeOrNull, to: timeOrNull },
      },
    },
    held: {
      type: 'array',
      items: {
        type: 'object',
        required: ['part', 'reason'],
        additionalProperties: false,
        properties: {
          part: { type: 'string' },
          reason: {
            type: 'string',
            enum: ['unfinished_run', 'kept_run', 'delivery', 'consumer', 'relay', 'busy'],
          },
        },
      },
    },
    sweptAt: timeOrNull,
  },
} as const satisfies JsonSchema;

export type LogEventResource = FromSchema<typeof logEventSchema>;
export type LogEventList = FromSchema<typeof logEventListSchema>;
export type ConsumerResource = FromSchema<typeof consumerSchema>;
export type ConsumerList = FromSchema<typeof consumerListSchema>;
export type NewConsumer = FromSchema<typeof newConsumerSchema>;
export type ConsumerEvents = FromSchema<typeof consumerEventsSchema>;
export type AckRequest = FromSchema<typeof ackSchema>;
export type ResetRequest = FromSchema<typeof resetSchema>;
export type LogState = FromSchema<typeof logStateSchema>;
