import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { Report } from '@aos/core';
import { startPageServer, type PageServer } from '@aos/testing';

import { startStack, type Stack } from './stack.ts';

/** The goal of the mission, against pages that do not play along. */
describe('the goal of the mission, when the page', () => {
  let pages: PageServer;
  let stack: Stack;

  before(async () => {
    pages = await startPageServer({
      '/none':
        '<html><body><p>Just a paragraph about tides. They come and go twice a day.</p></body></html>',
      '/text': (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/plain' });
        response.end('no markup here');
      },
      '/pdf': (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/pdf' });
        response.end(Buffer.from([0x25, 0x50, 0x44, 0x46, 0, 1, 2, 3]));
      },
      '/huge': (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        const chunk = '<p>padding</p>'.repeat(10_000);
        for (let n = 0; n < 100; n++) response.write(chunk);
        response.end();
      },
      '/broken': (_request, response) => {
        response.writeHead(500);
        response.end('oops');
      },
      '/private': (_request, response) => {
        response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' });
        response.end();
      },
      '/neighbour': (_request, response) => {
        response.writeHead(302, { location: 'http://127.0.0.1:1/admin' });
        response.end();
      },
      '/loop': (_request, response) => {
        response.writeHead(302, { location: '/loop' });
        response.end();
      },
      '/never': () => {},
      '/nul': (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end('<h1>be\0fore \u{d800} after</h1>');
      },
    });
    stack = await startStack({ env: { AOS_ALLOW_PRIVATE_HOSTS: pages.host } });
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
    await pages[Symbol.asyncDispose]();
  });

  async function pursue(url: string): Promise<Report> {
    const goal = `Fetch HTML of ${url}, extract headings, summarize them.`;
    const run = await stack.client.runs.create({ goal }, { waitS: 60 });
    assert.equal(run.status, 'finished', `${goal} is ${run.status}`);
    return stack.client.runs.report(run.id);
  }

  const failing: [string, string, RegExp][] = [
    ['/text', 'not_html', /HTML/],
    ['/pdf', 'not_html', /HTML/],
    ['/huge', 'response_too_large', /larger|bytes/],
    ['/broken', 'target_failed', /500/],
    ['/missing', 'target_refused', /404/],
    ['/private', 'address_refused', /169\.254\.169\.254/],
    ['/neighbour', 'address_refused', /127\.0\.0\.1/],
    ['/loop', 'too_many_redirects', /redirect/],
  ];
  for (const [path, code, detail] of failing) {
    test(`is ${path}, fails as ${code} and says so`, async () => {
      const report = await pursue(pages.url + path);
      assert.equal(report.outcome, 'failed');
      assert.equal(report.failure?.code, code);
      assert.match(report.failure?.detail ?? '', detail);
      assert.ok(report.failure?.meaning.endsWith('.'));
      assert.ok(report.failure?.step, 'the report names the step');
      assert.ok(report.gaps.length > 0);
    });
  }

  test('is down, tries again and then fails as target_unreachable', async () => {
    await using gone = await startPageServer();
    const { url, host } = gone;
    await gone[Symbol.asyncDispose]();
    await using lonely = await startStack({ env: { AOS_ALLOW_PRIVATE_HOSTS: host } });
    const run = await lonely.client.runs.create(
      { goal: `Fetch HTML of ${url}/, extract headings, summarize them.` },
      { waitS: 60 },
    );
    assert.equal(run.failure?.code, 'target_unreachable');
    const report = await lonely.client.runs.report(run.id);
    assert.equal(report.steps.find(({ skill }) => skill === 'http_request')?.attempts, 3);
  });

  test('never answers, gives up at the time limit of the plan', async () => {
    const run = await stack.client.runs.create(
      {
        goal: 'Wait for nothing',
        plan: {
          version: 1,
          steps: [
            {
              key: 'fetch',
              skill: 'http_request',
              input: { url: `${pages.url}/never` },
              timeoutMs: 500,
              retry: { attempts: 1 },
            },
          ],
        },
      },
      { waitS: 20 },
    );
    assert.equal(run.outcome, 'failed');
    assert.match(run.failure?.code ?? '', /step_timed_out|target_timed_out/);
  });

  test('has no headings, still ends well and says that there are none', async () => {
    const report = await pursue(`${pages.url}/none`);
    assert.equal(report.outcome, 'succeeded', JSON.stringify(report.failure));
    const output = report.output as { readonly headings?: readonly unknown[] };
    assert.deepEqual(output.headings, []);
    assert.match(JSON.stringify(report), /no headings/i);
  });

  test('holds NUL and half characters, is stored clean', async () => {
    const report = await pursue(`${pages.url}/nul`);
    assert.equal(report.outcome, 'succeeded', JSON.stringify(report.failure));
  });
});
