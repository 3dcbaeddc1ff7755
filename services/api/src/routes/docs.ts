import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { openApi } from '../openapi.ts';
import { route, type Route } from '../route.ts';
import { DOCS_POLICY } from '../security-headers.ts';

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>AOS API</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="docs"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null });\n`;

const headers = { 'Content-Security-Policy': DOCS_POLICY, 'Cache-Control': 'no-cache' };

/** The document of all routes, and a page to read it; all from our own files. */
export function docsRoutes(routes: () => readonly Route[], version: string): Route[] {
  let document: string | undefined;
  return [
    route({
      method: 'get',
      path: '/openapi.json',
      access: 'public',
      summary: 'This document',
      answers: { 200: { description: 'OpenAPI 3.1.', schema: { type: 'object' } } },
      handle: async () => {
        document ??= JSON.stringify(openApi(routes(), version));
        return { status: 200, mediaType: 'application/json', content: document };
      },
    }),
    asset('/docs', 'The documentation', 'text/html; charset=utf-8', async () => PAGE),
    asset('/docs/start.js', 'Its start', 'text/javascript; charset=utf-8', async () => START),
    asset('/docs/swagger-ui-bundle.js', 'Its script', 'text/javascript; charset=utf-8', () =>
      swaggerFile('swagger-ui-bundle.js'),
    ),
    asset('/docs/swagger-ui.css', 'Its style', 'text/css; charset=utf-8', () =>
      swaggerFile('swagger-ui.css'),
    ),
  ];
}

function asset(
  path: string,
  summary: string,
  mediaType: string,
  read: () => Promise<Buffer | string>,
): Route {
  return route({
    method: 'get',
    path,
    access: 'public',
    summary,
    answers: { 200: { description: 'The file.', mediaTypes: [mediaType.split(';')[0] ?? ''] } },
    handle: async () => ({ status: 200, mediaType, content: await read(), headers }),
  });
}

const files = new Map<string, Promise<Buffer>>();

function swaggerFile(name: string): Promise<Buffer> {
  const known = files.get(name);
  if (known) return known;
  const file = readFile(fileURLToPath(import.meta.resolve(`swagger-ui-dist/${name}`)));
  files.set(name, file);
  return file;
}
