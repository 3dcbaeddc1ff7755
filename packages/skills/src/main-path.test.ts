import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonObject } from '@aos/core';
import { createEgress } from '@aos/egress';
import { startPageServer } from '@aos/testing';

import { createPostgresConnections, createSkills } from './index.ts';
import { memoryWorkspace } from './testing.ts';

const PAGE = `<!doctype html><html lang="en"><title>Google</title><body>
  <h1>Google</h1><h2>Search &amp; Maps<a class="headerlink" href="#s">¶</a></h2><h2 hidden>No</h2>
  <h3>Images</h3><h2>About</h2><script>document.write('<h1>never</h1>')</script>`;

test('a page is fetched, its headings extracted and summarized, without a model', async () => {
  await using pages = await startPageServer({ '/': PAGE });
  await using egress = createEgress({
    allowPrivateHosts: [pages.host],
    connectTo: { 'google.com': pages.host },
  });
  await using skills = createSkills({
    egress,
    workspace: memoryWorkspace(),
    postgres: createPostgresConnections({}),
  });
  const run = async (skill: string, input: JsonObject): Promise<JsonObject> => {
    const call = {
      tenant: 'default',
      runId: 'run_1',
      stepKey: skill,
      epoch: 1,
      attempt: 1,
      agent: 'a',
    };
    const result = await skills.execute(
      { ...call, skill, input, idempotencyKey: skill },
      { signal: new AbortController().signal, timeoutMs: 30_000 },
    );
    assert.ok(result.outcome === 'completed', JSON.stringify(result));
    return result.output as JsonObject;
  };

  const page = await run('http_request', { url: 'http://google.com/' });
  const { headings = [] } = await run('html_extract', {
    html: page['text'] ?? '',
    contentType: page['contentType'] ?? '',
    baseUrl: page['url'] ?? '',
    extract: ['headings'],
  });
  const summary = await run('llm_invoke', {
    prompt: 'Summarize these headings.',
    task: 'summarize',
    input: headings,
  });
  assert.equal(
    summary['text'],
    'There are 4 headings: “Google” (“Search & Maps” (“Images”), “About”).',
  );
});
