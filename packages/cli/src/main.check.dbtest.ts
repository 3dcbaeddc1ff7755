import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { createDatabase, migrate } from '@aos/store';
import { testDatabase, type TestDatabase } from '@aos/testing';

import { aos, startAos, temporaryFolder } from './aos.fixture.ts';

describe('aos check', () => {
  let sound: TestDatabase;
  let broken: TestDatabase;
  before(async () => {
    sound = await testDatabase();
    await migrate(sound.url, { allowUnsafe: true });
    broken = await testDatabase(undefined, { copyOf: sound });
    const owner = createDatabase({ url: broken.url, applicationName: 'plant', connectionsMax: 1 });
    await owner.query('grant delete on aos.events to aos_api, aos_worker');
    await owner.query('alter table aos.runs disable trigger finished_is_final');
    await owner.close();
  });
  after(async () => {
    await broken[Symbol.asyncDispose]();
    await sound[Symbol.asyncDispose]();
  });
  test('ends with 0 and a table of all invariants when they hold', async () => {
    const { code, out } = await aos(['check'], on(sound));
    assert.equal(code, 0, out);
    assert.match(out, /^INVARIANT +STATE +MEANING\nI1 +holds +No accepted run is lost/);
    assert.match(out, /\nI7 +not checked .*needs --effects/);
    assert.match(
      out,
      /\nEvery invariant that was checked holds\.\n0 runs and 0 events as they were at /,
    );
    assert.equal(out.match(/^I\d+ /gm)?.length, 24);
  });

  test('ends with the number of violated invariants, and shows where', async () => {
    const { code, out } = await aos(['check'], on(broken));
    assert.equal(code, 2, out);
    assert.match(out, /\nI3 +violated 1 ×/);
    assert.match(out, /\nI9 +violated 2 ×/);
    assert.match(out, /\nI9 {2}aos_api may delete events\.\n.*aos_worker[^]*\n3 violations\.\n/);
  });

  test('--json prints one object a violation, --prometheus metrics', async () => {
    const { code, out } = await aos(['check', '--json'], on(broken));
    assert.equal(code, 2);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    assert.deepEqual(lines[0], {
      invariant: 'I3',
      evidence: 'The trigger finished_is_final of runs does not watch.',
    });
    assert.equal(lines.length, 3);
    const metrics = await aos(['check', '--prometheus'], on(broken));
    assert.equal(metrics.code, 2);
    assert.match(
      metrics.out,
      /^# HELP nova_invariant_violations .*\n# TYPE nova_invariant_violations gauge\n/,
    );
    assert.match(metrics.out, /\nnova_invariant_violations\{invariant="I9"\} 2\n/);
    assert.match(metrics.out, /\nnova_invariant_violations\{invariant="I1"\} 0\n/);
  });

  test('finds the database of a local stack, and compares with what was done outside', async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, 'reader-url'), `${sound.url}\n`);
    const effect = {
      t: 0,
      run: 'run_019aaf3c-0000-7000-8000-000000000000',
      step: 'a',
      applied: true,
    };
    writeFileSync(join(folder.path, 'effects.ndjson'), JSON.stringify(effect));
    const options = { folder: folder.path, environment: { AOS_HOME: folder.path } };
    const { code, out } = await aos(['check', '--effects', 'effects.ndjson'], options);
    assert.equal(code, 1);
    assert.match(out, /\nI6 {2}run_019aaf3c\S+ {2}1 effects are of a run that does not exist\.\n/);
  });

  test('watches until Ctrl-C: everything once, then what changed', async () => {
    const running = startAos(['check', '--watch', '1'], on(broken));
    await running.printed('I20        not checked');
    running.child.kill('SIGINT');
    const { code, out } = await running.ended;
    assert.equal(code, 2, out);
    assert.match(out, /^INVARIANT[^]*3 violations\.[^]*INVARIANT[^]*I20 +not checked/);
  });

  test('ends with 71 and a sentence when nothing could be checked', async () => {
    const empty = await testDatabase();
    const nobody = sound.url.replace(/:\d+\//, ':1/');
    const cases: [string[], Record<string, string>, RegExp][] = [
      [[], {}, /There is no database to check\..*npm start/],
      [['--database', 'http://x:secret@y'], {}, /^The database must be given as postgres:/],
      [[], { DATABASE_URL: nobody }, /The database does not answer\. \(.*ECONNREFUSED/],
      [[], { DATABASE_URL: empty.url }, /The database cannot be checked: .*aos_reader/],
      [['--bogus'], {}, /unknown option '--bogus'/],
      [['--watch', '0'], {}, /--watch needs a number of seconds from 1 to/],
      [['--since', 'soon'], {}, /--since needs a time/],
      [['--effects', 'none'], { DATABASE_URL: sound.url }, /ENOENT/],
    ];
    for (const [words, environment, expected] of cases) {
      const { code, out, err } = await aos(['check', ...words], { environment });
      assert.equal(code, 71, err);
      assert.match(err, expected);
      assert.doesNotMatch(err, /secret/);
      assert.equal(out, '');
    }
    await empty[Symbol.asyncDispose]();
  });
});

function on(database: TestDatabase) {
  return { environment: { DATABASE_URL: database.url } };
}
