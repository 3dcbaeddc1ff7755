import { failures, type FailureCode, type JsonSchema } from '@aos/core';
import * as resources from '@aos/sdk';

import type { AnswerDoc, Route } from './route.ts';
import { statusOf } from './status-of.ts';

type Document = { readonly [key: string]: unknown };

/** Schemas that get a name of their own in the document; everything else stands where it is used. */
const NAMED: readonly (readonly [string, JsonSchema])[] = [
  ['Problem', resources.problemSchema],
  ['Run', resources.runSchema],
  ['RunList', resources.runListSchema],
  ['Plan', resources.planResourceSchema],
  ['Step', resources.stepSchema],
  ['StepList', resources.stepListSchema],
  ['Event', resources.eventSchema],
  ['EventList', resources.eventListSchema],
  ['Artifact', resources.artifactSchema],
  ['ArtifactList', resources.artifactListSchema],
  ['Report', resources.reportSchema],
  ['Why', resources.whySchema],
  ['Skill', resources.skillSchema],
  ['SkillList', resources.skillListSchema],
  ['Agent', resources.agentResourceSchema],
  ['AgentList', resources.agentListSchema],
  ['LogEvent', resources.logEventSchema],
  ['LogEventList', resources.logEventListSchema],
  ['Consumer', resources.consumerSchema],
  ['ConsumerList', resources.consumerListSchema],
  ['ConsumerEvents', resources.consumerEventsSchema],
  ['LogState', resources.logStateSchema],
  ['Webhook', resources.webhookSchema],
  ['WebhookList', resources.webhookListSchema],
  ['WebhookWithSecret', resources.webhookWithSecretSchema],
  ['Delivery', resources.deliverySchema],
  ['DeliveryList', resources.deliveryListSchema],
  ['Approval', resources.approvalSchema],
  ['ApprovalList', resources.approvalListSchema],
  ['Simulation', resources.simulationSchema],
  ['Pause', resources.pauseSchema],
  ['PauseList', resources.pauseListSchema],
  ['DeadLetter', resources.deadLetterSchema],
  ['DeadLetterList', resources.deadLetterListSchema],
  ['Case', resources.caseSchema],
  ['CaseList', resources.caseListSchema],
  ['Operation', resources.operationSchema],
  ['OperationList', resources.operationListSchema],
  ['Scale', resources.scaleSchema],
  ['Target', resources.targetSchema],
  ['TargetList', resources.targetListSchema],
];

const ALWAYS: readonly FailureCode[] = ['database_unavailable', 'internal'];
const WITH_KEY: readonly FailureCode[] = ['unauthenticated', 'forbidden', 'rate_limited'];
const WITH_BODY: readonly FailureCode[] = [
  'invalid_json',
  'payload_too_large',
  'unsupported_media_type',
  'invalid_request',
];

/** The OpenAPI 3.1 document of the routes, made from the same data that registers them. */
export function openApi(routes: readonly Route[], version: string): Document {
  const paths = Map.groupBy(routes, ({ path }) => pathOf(path));
  return {
    openapi: '3.1.1',
    info: {
      title: 'AOS',
      version,
      description: 'Goals in, durable plans, typed skills, reports out.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    paths: Object.fromEntries(
      [...paths].map(([path, of]) => [
        path,
        Object.fromEntries(of.map((route) => [route.method, operation(route)])),
      ]),
    ),
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key: aos_….' },
      },
      schemas: Object.fromEntries(NAMED.map(([name, schema]) => [name, inner(schema)])),
    },
  };
}

/** `:id` and `*rest` of Express are `{id}` and `{rest}` here. */
function pathOf(path: string): string {
  return path.replaceAll(/[:*]([a-z]+)/gi, '{$1}');
}

function operation(route: Route): Document {
  const open = route.access === 'public';
  const codes = new Set([
    ...(route.fails ?? []),
    ...(open ? [] : WITH_KEY),
    ...(route.body ? WITH_BODY : []),
    ...(route.query ? (['invalid_request'] as const) : []),
    ...ALWAYS,
  ]);
  return {
    operationId: operationId(route),
    tags: [route.path.startsWith('/v1/') ? (route.path.split('/')[2] ?? '') : 'service'],
    summary: route.summary,
    ...(route.description && { description: route.description }),
    ...(open ? { security: [] } : { 'x-required-scope': route.access }),
    parameters: [
      ...parameters('path', route.params ?? {}),
      ...parameters('query', (route.query?.['properties'] ?? {}) as Record<string, JsonSchema>),
      ...parameters('header', route.requestHeaders ?? {}),
    ],
    ...(route.body && {
      requestBody: { required: true, content: { 'application/json': { schema: ref(route.body) } } },
    }),
    responses: { ...answers(route), ...problems(codes) },
  };
}

function operationId({ method, path }: Route): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '' && word !== 'v1');
  return [method, ...words.map((word) => word[0]?.toUpperCase() + word.slice(1))].join('');
}

function parameters(place: string, schemas: Readonly<Record<string, JsonSchema>>): Document[] {
  return Object.entries(schemas).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path',
    schema: ref(schema),
  }));
}

function answers({ answers: documented }: Route): Document {
  return Object.fromEntries(
    Object.entries(documented).map(([status, answer]) => [
      status,
      { description: answer.description, ...contentOf(answer) },
    ]),
  );
}

function contentOf({ schema, mediaTypes = [] }: AnswerDoc): Document {
  const content = {
    ...(schema && { 'application/json': { schema: ref(schema) } }),
    ...Object.fromEntries(mediaTypes.map((type) => [type, { schema: { type: 'string' } }])),
  };
  return Object.keys(content).length > 0 ? { content } : {};
}

/** One answer for each status; its description names the codes it may carry. */
function problems(codes: ReadonlySet<FailureCode>): Document {
  const byStatus = Map.groupBy(codes, (code) => statusOf[code]);
  return Object.fromEntries(
    [...byStatus].map(([status, of]) => [
      status,
      {
        description: of.map((code) => `\`${code}\`: ${failures[code].meaning}`).join(' '),
        content: { 'application/problem+json': { schema: ref(resources.problemSchema) } },
      },
    ]),
  );
}

function ref(schema: unknown): unknown {
  const named = NAMED.find(([, candidate]) => candidate === schema);
  return named ? { $ref: `#/components/schemas/${named[0]}` } : inner(schema);
}

/** The schema itself, with named ones inside replaced by references. */
function inner(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(ref);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, ref(value)]));
}
