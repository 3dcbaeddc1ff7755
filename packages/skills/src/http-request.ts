import { STATUS_CODES } from 'node:http';

import { AosError, type JsonSchema, retryAfterMs } from '@aos/core';
import { EgressError, type Egress, type EgressResponse } from '@aos/egress';

import {
  defineSkill,
  UncertainError,
  type Examples,
  type Skill,
  type SkillContext,
} from './base.ts';
import { decodeBody } from './decode-body.ts';
import { bodyOf, urlWithQuery } from './http-request-body.ts';

/** Text and its JSON form both stand in the output, which has to fit a step. */
export const HTTP_BODY_BYTES_MAX = 2 * 1024 * 1024;
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

const scalar = { type: ['string', 'number', 'boolean'] } as const;
const scalarMap = { type: 'object', maxProperties: 200, additionalProperties: scalar } as const;

const input = {
  type: 'object',
  required: ['url'],
  additionalProperties: false,
  properties: {
    url: { type: 'string', minLength: 1, maxLength: 8192, description: 'http or https.' },
    method: {
      enum: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      default: 'GET',
    },
    headers: {
      type: 'object',
      maxProperties: 60,
      additionalProperties: { type: 'string', maxLength: 8192 },
    },
    query: { ...scalarMap, description: 'Added to the query string of the URL.' },
    json: { description: 'Body: any value, sent as JSON. At most one of json, form and text.' },
    form: { ...scalarMap, description: 'Body: fields of an HTML form.' },
    text: { type: 'string', maxLength: HTTP_BODY_BYTES_MAX, description: 'Body: plain text.' },
    expect: {
      enum: ['success', 'any'],
      default: 'success',
      description:
        '`success`: any status but 2xx fails the step. `any`: every status is an output.',
    },
    bytesMax: {
      type: 'integer',
      minimum: 1,
      maximum: HTTP_BODY_BYTES_MAX,
      default: HTTP_BODY_BYTES_MAX,
      description: 'A larger answer fails; nothing is cut off.',
    },
    redirectsMax: { type: 'integer', minimum: 0, maximum: 10, default: 5 },
  },
} as const satisfies JsonSchema;

const output = {
  type: 'object',
  required: ['url', 'status', 'headers', 'contentType', 'bytes', 'text', 'redirects'],
  additionalProperties: false,
  properties: {
    url: { type: 'string', description: 'Where the answer came from, after redirects.' },
    status: { type: 'integer' },
    headers: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Names in lower case; set-cookie is left out.',
    },
    contentType: { type: 'string', description: 'The header as sent, "" without one.' },
    bytes: { type: 'integer', description: 'Of the body after decompression.' },
    text: { type: 'string', description: 'The decoded body; "" when it is binary.' },
    json: { description: 'The parsed body, when it is JSON.' },
    base64: { type: 'string', description: 'The body, when it is binary.' },
    redirects: { type: 'array', items: { type: 'string' } },
  },
} as const satisfies JsonSchema;

export function httpRequest(egress: Egress): Skill {
  return defineSkill({
    name: 'http_request',
    version: '1.0.0',
    description:
      'Send an HTTP request and return the status, headers and body of the answer. Use it to fetch web pages and files and to call HTTP APIs.',
    input,
    output,
    effect: 'unkeyed',
    // PUT and DELETE end in the same state however often they are sent; POST and PATCH need not.
    effectBy: {
      property: 'method',
      values: { GET: 'read', HEAD: 'read', PUT: 'keyed', DELETE: 'keyed' },
    },
    permissions: ['network:http'],
    limits: { timeoutMs: 30_000, timeoutMaxMs: 300_000, outputBytes: OUTPUT_BYTES_MAX },
    cost: { kind: 'free' },
    failures,
    examples,
    // Where a redirect leads is known only afterwards; it counts for the host that was asked.
    target({ url }) {
      const { protocol, hostname, port } = new URL(url);
      if (protocol !== 'http:' && protocol !== 'https:') return undefined;
      return `http:${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
    },

    async run(given, context) {
      const { body, contentType } = bodyOf(given);
      const method = given.method ?? 'GET';
      if (body !== undefined && (method === 'GET' || method === 'HEAD')) {
        throw new AosError('skill_input_invalid', `A ${method} request has no body.`);
      }
      const response = await send(egress, context, {
        url: urlWithQuery(given.url, given.query),
        method,
        headers: headersOf(given.headers ?? {}, method, contentType, context),
        bytesMax: given.bytesMax ?? HTTP_BODY_BYTES_MAX,
        redirectsMax: given.redirectsMax ?? 5,
        ...(body !== undefined && { body }),
      });
      if (given.expect !== 'any') refuseFailure(response, method);
      return { output: outputOf(response) };
    },
  });
}

const failures = [
  { code: 'skill_input_invalid', when: 'There are two bodies, or a body with GET or HEAD.' },
  { code: 'address_refused', when: 'The address is private, reserved, or not http and https.' },
  { code: 'target_unreachable', when: 'The host is not found, does not listen, or hangs up.' },
  { code: 'target_timed_out', when: 'The host does not answer within the time of the step.' },
  { code: 'target_overloaded', when: 'The host answers 429, 503 or 529.' },
  { code: 'target_failed', when: 'The host answers another 5xx, or not in HTTP.' },
  { code: 'target_refused', when: 'The host answers any other status but 2xx, or TLS fails.' },
  { code: 'response_too_large', when: 'The body is larger than bytesMax.' },
  { code: 'too_many_redirects', when: 'There are more redirects than redirectsMax.' },
] as const;

const examples: Examples<typeof input, typeof output> = [
  {
    title: 'Fetch a page',
    input: { url: 'https://example.com/' },
    output: {
      url: 'https://example.com/',
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      contentType: 'text/html; charset=utf-8',
      bytes: 46,
      text: '<!doctype html><title>Example</title><h1>Hi</h1>',
      redirects: [],
    },
  },
  {
    title: 'Call an API',
    input: {
      url: 'https://api.example.com/orders',
      method: 'POST',
      json: { sku: 'A-1', quantity: 2 },
      headers: { accept: 'application/json' },
    },
    output: {
      url: 'https://api.example.com/orders',
      status: 201,
      headers: { 'content-type': 'application/json' },
      contentType: 'application/json',
      bytes: 10,
      text: '{"id": 17}',
      json: { id: 17 },
      redirects: [],
    },
  },
];

async function send(
  egress: Egress,
  { signal, timeoutMs }: SkillContext,
  request: Parameters<Egress['request']>[0],
): Promise<EgressResponse> {
  try {
    // A little before the step's own limit, so that the failure names the host and not the skill.
    const limitMs = Math.max(timeoutMs - 100, timeoutMs / 2);
    return await egress.request({ ...request, timeoutMs: Math.ceil(limitMs) }, signal);
  } catch (error) {
    if (!(error instanceof EgressError) || !error.sent) throw error;
    throw new UncertainError(error.code, error.message, { cause: error });
  }
}

function headersOf(
  given: Readonly<Record<string, string>>,
  method: string,
  contentType: string | undefined,
  { idempotencyKey }: SkillContext,
): Record<string, string> {
  const names = new Set(Object.keys(given).map((name) => name.toLowerCase()));
  const headers = { ...given };
  if (contentType !== undefined && !names.has('content-type'))
    headers['content-type'] = contentType;
  if ((method === 'POST' || method === 'PATCH') && !names.has('idempotency-key')) {
    headers['idempotency-key'] = idempotencyKey;
  }
  return headers;
}

/** Only the origin is named: paths and queries of many APIs are secrets. */
function refuseFailure({ url, status, headers }: EgressResponse, method: string): void {
  if (status >= 200 && status < 300) return;
  const meaning = STATUS_CODES[status];
  const detail = `${new URL(url).origin} answered ${status}${meaning ? ` ${meaning}` : ''}.`;
  if (status === 429 || status === 503 || status === 529) {
    throw new AosError('target_overloaded', detail, {
      retryAfterMs: retryAfterMs(headers['retry-after']),
    });
  }
  // A gateway that lost the server behind it does not know whether that server has acted.
  if ((status === 502 || status === 504) && method !== 'GET') {
    throw new UncertainError('target_failed', detail);
  }
  throw new AosError(status >= 500 ? 'target_failed' : 'target_refused', detail);
}

function outputOf({ url, status, headers, body, redirects }: EgressResponse) {
  const { 'set-cookie': _cookies, ...shown } = headers;
  const contentType = headers['content-type'] ?? '';
  const decoded = decodeBody(body, contentType, headers['content-encoding']);
  return {
    url,
    status,
    headers: shown,
    contentType,
    bytes: body.length,
    text: decoded.text ?? '',
    ...(decoded.json !== undefined && { json: decoded.json }),
    ...(decoded.text === undefined && { base64: body.toString('base64') }),
    redirects: [...redirects],
  };
}
