import assert from 'node:assert/strict';
import { test } from 'node:test';

import { libraryOf, lintLibrary, lintRunbook, parseRunbook, type Known } from '@aos/runbooks';
import { metricTable } from '@aos/telemetry/metric-table';

import { document } from './api.fixture.ts';
import { RUNBOOK_POLICY, runbookHtml } from './runbook-page.ts';

const library = libraryOf();
const known = {
  openApi: document as unknown as Known['openApi'],
  metrics: Object.values(metricTable),
};

const NAMED_BY_THE_MISSION = [
  'HighRunFailureRate',
  'CriticalRunFailureRate',
  'NoRunsProcessed',
  'SlowSkillExecution',
  'WorkerPoolDown',
  'QueueDepthWarning',
  'QueueDepthCritical',
  'QueueGrowthRapid',
  'BackendDown',
];

test('every runbook can be walked against this API and these metrics', () => {
  assert.deepEqual(lintLibrary(library, known), []);
  assert.ok(library.names.length >= 32);
  for (const name of NAMED_BY_THE_MISSION) assert.ok(library.page(name), name);
});

test('every alert has steps that end by looking whether it is over', () => {
  for (const name of library.names.filter((alert) => /^[A-Z]/.test(alert))) {
    const { steps } = parseRunbook(name, library.page(name)?.text ?? '').runbook;
    assert.equal(steps.at(-1)?.kind, 'verify', name);
    assert.ok(
      steps.some(({ kind }) => kind === 'read'),
      name,
    );
  }
});

test('a planted mistake of each kind is found', () => {
  const page = library.page('DatabaseConnectionsExhausted')?.text ?? '';
  const mutants: readonly (readonly [from: string, to: string, problem: RegExp])[] = [
    ['call: POST /admin/resume', 'call: POST /admin/go-on', /the API has no POST \/admin\/go-on/],
    ['call: POST /admin/pause', 'call: DELETE /admin/pause', /no DELETE \/admin\/pause/],
    ['body: { scope: everything,', 'body: { scop: everything,', /the body may not have scop/],
    ['body: { scope: everything,', 'body: {', /the body lacks scope/],
    ['scope: admin', 'scope: runs:read', /needs the scope admin, not runs:read/],
    ['metric: nova_admission_database', 'metric: nova_adm_database', /there is no metric nova_adm/],
    [
      'max(nova_db_pool_connections',
      'max(nova_pool_connections',
      /no metric nova_pool_connections/,
    ],
    ['goto: resume_everything', 'goto: resume_nothing', /resume_nothing is no later step/],
    ["if: pause_everything == 'done'", "if: paused == 'done'", /paused is neither a variable nor/],
    ["if: pause_everything == 'done'", 'if: pause_everything =', /the condition cannot be read/],
    ['](DiskFilling.md)', '](DiskFull.md)', /The link DiskFull.md leads nowhere/],
    ['## Impact', '## Result', /"## Impact" is missing/],
    ['## Meaning\n', `## Meaning\n${'Words.\n'.repeat(80)}`, /lines of prose; 80 is the most/],
  ];
  for (const [from, to, problem] of mutants) {
    assert.ok(page.includes(from), from);
    const problems = lintRunbook('X', page.replace(from, to), library.folder, known);
    assert.match(problems.join('\n'), problem);
  }
  const target = library.page('ApprovalsOverdue')?.text ?? '';
  const asked = target.replace('get: /v1/approvals?status=open', 'get: /v1/approvals?state=open');
  assert.match(lintRunbook('X', asked, library.folder, known).join(), /knows no query state/);
  const last = page.slice(0, page.lastIndexOf('```aos-step'));
  assert.match(lintRunbook('X', last, library.folder, known).join(), /last step is to verify/);
});

test('a page that the index does not name is found', () => {
  const hidden = { ...library, names: [...library.names, 'Hidden'] };
  assert.match(lintLibrary(hidden, known).join('\n'), /README: it does not link to Hidden\.md/);
  assert.match(lintLibrary({ ...library, index: undefined }, known)[0] ?? '', /no README\.md/);
});

test('a page becomes a document in which nothing runs and nothing is fetched', () => {
  const markdown = [
    '# A <b>title</b>',
    '<script>alert(1)</script>',
    '[out](javascript:alert(1)) [other](WorkerPoolDown.md#verify) [index](README.md)',
    '[file](../packages/checker/README.md) [web](https://example.com/?a=1&b="2")',
    '![pixel](https://example.com/pixel.png)',
    '```aos-step\nread: <x>\n```',
  ].join('\n\n');
  const html = runbookHtml({ title: '<t>', markdown });
  assert.match(html, /<title>&lt;t&gt;<\/title>/);
  assert.doesNotMatch(html, /<script|javascript:|<img|<b>/);
  assert.match(html, /<a href="\/runbooks\/WorkerPoolDown#verify">other<\/a>/);
  assert.match(html, /<a href="\/runbooks">index<\/a>/);
  assert.match(html, /<pre class="step"><code>read: &lt;x&gt;<\/code><\/pre>/);
  assert.doesNotMatch(html, /checker\/README/);
  assert.match(RUNBOOK_POLICY, /default-src 'none'; style-src 'sha256-[\w+/]+='/);
});
