import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test, { suite } from 'node:test';

import { AosError, completeAgent, inspectPlan, type JsonObject, type PlanStep } from '@aos/core';

import { fixtureCatalog } from './catalog.fixture.ts';
import { makePlan, type PlannerAnswer } from './logic.ts';
import { createPlanners } from './planners.ts';
import { SOURCES_MAX } from './rules/read-goal.ts';

const agent = completeAgent({ name: 'general', description: 'Pursues any goal.' });

function plan(
  goal: string,
  options: { input?: JsonObject; without?: string; scheme?: 'http'; instructions?: string } = {},
): Promise<PlannerAnswer> {
  const { input = {}, without, scheme, instructions = '' } = options;
  const catalog = new Map([...fixtureCatalog].filter(([name]) => name !== without));
  return makePlan(
    createPlanners(scheme ? { defaultScheme: scheme } : {}),
    'rules',
    { goal: { goal, input, limits: {}, tags: [] }, agent: { ...agent, instructions }, catalog },
    new AbortController().signal,
  );
}

async function refusalOf(goal: string, options?: Parameters<typeof plan>[1]): Promise<string> {
  const error: unknown = await plan(goal, options).then(
    ({ plan: made }) => assert.fail(`${goal} was planned: ${JSON.stringify(made)}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof AosError, String(error));
  assert.equal(error.code, 'goal_not_plannable');
  return error.message;
}

/** A step in a few words: its key and what it works on. */
function shapeOf({ key, skill, input }: PlanStep): string {
  const told: Readonly<Record<string, unknown>> = {
    http_request: input['url'],
    html_extract: input['extract'],
    json_transform: [input['data'], input['expression']],
    llm_invoke: [input['input'], ...(input['sentences'] ? [input['sentences'], 'sentences'] : [])],
    system_read_file: input['name'],
    system_write_file: [input['name'], input['content']],
    postgres_query: input['sql'],
    log_report: [input['title'], input['format'], input['name'], input['sections']].filter(Boolean),
  };
  const detail = told[skill];
  const list = Array.isArray(detail) ? (detail as unknown[]) : [detail];
  return `${key} ${list.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join(' ')}`.replaceAll(
    '\n',
    '\\n',
  );
}

suite('the table of goals', () => {
  const table = readFileSync(new URL('rules-planner.goals.txt', import.meta.url), 'utf8');
  const blocks = table.split('\n\n').filter((block) => block.trim() && !block.startsWith('#'));
  for (const block of blocks) {
    const [first = '', ...lines] = block.trim().split('\n');
    const [goal = '', given] = first.split(' ### ');
    const input = given ? (JSON.parse(given) as JsonObject) : {};
    const expected = lines.map((line) => line.trim());
    if (expected[0]?.startsWith('!')) {
      test(`refuses: ${goal}`, async () => {
        const reason = await refusalOf(goal, { input });
        assert.ok(reason.includes((expected[0] as string).slice(2)), reason);
        assert.match(reason, /This works: “.+”$/);
      });
    } else {
      test(`plans: ${goal}`, async () => {
        const { plan: made } = await plan(goal, { input });
        const told = [...made.steps.map(shapeOf), `=> ${JSON.stringify(made.output)}`];
        assert.deepEqual(told, expected);
        assert.deepEqual(inspectPlan(made, { catalog: fixtureCatalog, agent }), []);
      });
    }
  }

  test('holds at least 60 goals and 15 refusals', () => {
    assert.ok(blocks.length >= 60);
    assert.ok(blocks.filter((block) => block.includes('\n  ! ')).length >= 15);
  });
});

test('the goal of the mission is fetched, extracted and summarized, and hands back both', async () => {
  const { plan: made } = await plan('Fetch HTML of google.com, extract headings, summarize them.');
  assert.deepEqual(made, {
    version: 1,
    steps: [
      { key: 'fetch', skill: 'http_request', input: { url: 'https://google.com' } },
      {
        key: 'extract',
        skill: 'html_extract',
        input: {
          html: '${fetch.text}',
          contentType: '${fetch.contentType}',
          baseUrl: '${fetch.url}',
          extract: ['headings'],
        },
      },
      {
        key: 'summarize',
        skill: 'llm_invoke',
        input: {
          task: 'summarize',
          prompt:
            'Summarize the headings of https://google.com. Say so when there is nothing in the input.',
          input: '${extract.headings}',
        },
      },
    ],
    output: { headings: '${extract.headings}', summary: '${summarize.text}' },
  });
});

async function urlOf(goal: string, scheme?: 'http') {
  const { plan: made } = await plan(goal, scheme ? { scheme } : {});
  return made.steps[0]?.input['url'];
}

test('a bare domain gets the default scheme, an address on this machine plain HTTP', async () => {
  assert.equal(await urlOf('Fetch google.com'), 'https://google.com');
  assert.equal(await urlOf('Fetch google.com', 'http'), 'http://google.com');
  assert.equal(await urlOf('Fetch https://google.com', 'http'), 'https://google.com');
  assert.equal(await urlOf('Fetch http://google.com'), 'http://google.com');
  for (const local of [
    'localhost',
    '127.0.0.1',
    '10.0.0.1:8080/x',
    'nova_api:8080',
    'google.com:81',
  ]) {
    assert.equal(await urlOf(`Fetch ${local}`), `http://${local}`);
  }
});

test('what a goal says is data: nothing in it becomes a reference', async () => {
  const { plan: made } = await plan('POST {"a": "${fetch.text}"} to https://a.example/${input.x}');
  assert.deepEqual(made.steps[0]?.input, {
    url: 'https://a.example/$${input.x}',
    method: 'POST',
    json: { a: '$${fetch.text}' },
  });
});

test('a missing skill is named', async () => {
  const goal = 'Fetch a.example, extract headings, summarize them, save them, make a report.';
  for (const skill of [
    'http_request',
    'html_extract',
    'llm_invoke',
    'system_write_file',
    'log_report',
  ]) {
    assert.match(await refusalOf(goal, { without: skill }), new RegExp(`needs the skill ${skill}`));
  }
});

test('the instructions of the agent are the system text of a summary', async () => {
  const { plan: made } = await plan('Summarize a.example', { instructions: 'Be ${brief}.' });
  assert.equal(made.steps.at(-1)?.input['system'], 'Be $${brief}.');
});

test('what is left out as background is told in the notes', async () => {
  const { notes } = await plan(
    'List the links of the Hacker News front page https://a.example because I like it.',
  );
  assert.deepEqual(notes, [
    'Left out of the plan as background: “because I like it”, “Hacker News”.',
  ]);
});

function linksOf(count: number): string {
  const names = Array.from({ length: count }, (_, index) => `p${index}.example`);
  return `List the links of ${names.join(', ')}`;
}

test('a goal names at most 20 sources', async () => {
  assert.equal((await plan(linksOf(SOURCES_MAX))).plan.steps.length, 2 * SOURCES_MAX);
  assert.match(await refusalOf(linksOf(SOURCES_MAX + 1)), /names 21 sources/);
});

test('a refusal never grows with the goal', async () => {
  const reason = await refusalOf(Array.from({ length: 900 }, (_, i) => `frob${i}`).join(' '));
  assert.match(reason, /“frob7” and 892 more/);
  assert.ok(reason.length < 800, reason);
  assert.ok((await refusalOf('x'.repeat(8000))).length < 800);
});

test('any row of known words is planned soundly or refused, and never crashes', async () => {
  const words =
    'fetch get list count sort first last unique h2 headings links tables text title meta page json summary summarize it them all both each not without and then , . : to from of in as with save report make write query run transform filter keep limit 3 two sentences containing sorted by level descending titled called JSON markdown a.example https://b.example/x.txt notes.txt out.json `select 1` `$count($)` "quoted" {"a":1} post rows result counts the its about is what how many number of because'.split(
      ' ',
    );
  let seed = 7;
  const next = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor(seed / 256) % below;
  };
  let planned = 0;
  for (let round = 0; round < 3000; round++) {
    const chosen = Array.from({ length: 1 + next(6) }, () => words[next(words.length)]);
    const goal = `fetch a.example ${chosen.join(' ')}`;
    await plan(goal).then(
      () => planned++,
      (error: unknown) => {
        assert.ok(error instanceof AosError, `${goal}: ${String(error)}`);
        assert.equal(error.code, 'goal_not_plannable', `${goal}: ${error.message}`);
      },
    );
  }
  assert.ok(planned > 500, String(planned));
});

test('8000 hostile characters are read in linear time', async () => {
  const pieces =
    '{|[|{"|“|"|` |```|(|a.|.|https://|http://x,|${input.|${|tl;dr |SELECT |WITH a |and save |x.Then.|not |links, |summary of |report of |the x |first |h1 and |level 1, |because |Summarize it. |é|\n| |9.9.9.9|http://x(((';
  await plan('Fetch a.example and list links');
  const millis: number[] = [];
  for (const piece of pieces.split('|')) {
    const goal = piece.repeat(8000).slice(0, 8000);
    // The least of three: other programs and the collector of garbage share these cores.
    const times: number[] = [];
    for (let round = 0; round < 3; round++) {
      const before = process.cpuUsage();
      await plan(`Fetch a.example and ${goal}`.slice(0, 8000)).catch((error: unknown) => {
        assert.ok(error instanceof AosError, `${piece}: ${String(error)}`);
      });
      const { user, system } = process.cpuUsage(before);
      times.push((user + system) / 1000);
    }
    millis.push(Math.min(...times));
    assert.ok(Math.min(...times) < 250, `${JSON.stringify(piece)} took ${times.join(', ')} ms`);
  }
  assert.equal(millis.length, pieces.split('|').length);
});
