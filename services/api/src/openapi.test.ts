import assert from 'node:assert/strict';
import { test } from 'node:test';

import { failures } from '@aos/core';

import { document, routes } from './api.fixture.ts';
import { statusOf } from './status-of.ts';

test('the document has exactly the routes of the table', () => {
  const told = Object.entries(document.paths).flatMap(([path, of]) =>
    Object.keys(of).map((method) => `${method} ${path}`),
  );
  const table = routes.map(
    ({ method, path }) => `${method} ${path.replaceAll(/[:*](\w+)/g, '{$1}')}`,
  );
  assert.deepEqual(told.toSorted(), table.toSorted());
  assert.equal(new Set(table).size, table.length, 'no route is there twice');
});

test('only these routes are public', () => {
  const open = routes.filter(({ access }) => access === 'public').map(({ path }) => path);
  assert.deepEqual(open.toSorted(), [
    '/docs',
    '/docs/start.js',
    '/docs/swagger-ui-bundle.js',
    '/docs/swagger-ui.css',
    '/livez',
    '/metrics',
    '/openapi.json',
    '/readyz',
    '/runbooks',
    '/runbooks/:name',
    '/version',
  ]);
});

test('every route that changes something needs a scope to write', () => {
  for (const { method, path, access } of routes) {
    if (method !== 'get') assert.match(access, /:write$|^admin$/, `${method} ${path}`);
  }
});

test('every path parameter is described, and nothing else', () => {
  for (const { path, params = {} } of routes) {
    const named = [...path.matchAll(/[:*](\w+)/g)].map(([, name = '']) => name);
    assert.deepEqual(Object.keys(params).toSorted(), named.toSorted(), path);
  }
});

test('operation ids are unique, and references lead somewhere', () => {
  const text = JSON.stringify(document);
  const ids = [...text.matchAll(/"operationId":"(\w+)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
    assert.ok(document.components.schemas[name], name);
  }
});

test('every failure has a status of its kind', () => {
  for (const [code, { category }] of Object.entries(failures)) {
    const status = statusOf[code as keyof typeof statusOf];
    assert.ok(status >= 400 && status < 600, code);
    if (category === 'request') assert.ok(status < 500, `${code} is the caller's: ${status}`);
  }
});
