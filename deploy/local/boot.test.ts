import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';

/** In the place of npx: notes that it was called, and brings the Node that runs this test. */
const GOOD_INSTALLER = `#!/bin/sh
echo "$@" >> installs
sleep 0.3
mkdir -p node_modules/node/bin
ln -sf "${process.execPath}" node_modules/node/bin/node
`;

test('what is missing is installed once, and the program gets its arguments', async (t) => {
  const it = workspace(t, GOOD_INSTALLER);
  it.write('program.ts', `console.log(JSON.stringify(process.argv.slice(2)) as string);`);
  const first = await it.boot('program.ts', 'a', 'b c');
  assert.deepEqual(first, { code: 0, stdout: '["a","b c"]\n', stderr: first.stderr });
  assert.match(first.stderr, /^Installing dependencies/);
  assert.deepEqual(await it.boot('program.ts'), { code: 0, stdout: '[]\n', stderr: '' });
  assert.equal(
    it.read('installs'),
    '--yes pnpm@0.0.0 install --frozen-lockfile --reporter=append-only\n',
  );
});

test('a changed lockfile installs again', async (t) => {
  const it = workspace(t, GOOD_INSTALLER);
  it.write('program.ts', '');
  await it.boot('program.ts');
  it.write('pnpm-lock.yaml', 'changed');
  await it.boot('program.ts');
  assert.equal(it.read('installs').split('\n').length, 3);
});

test('of programs started at once, one installs and the others wait for it', async (t) => {
  const it = workspace(t, GOOD_INSTALLER);
  it.write('program.ts', `console.log('here');`);
  const all = await Promise.all([1, 2, 3].map(() => it.boot('program.ts')));
  for (const { code, stdout } of all) assert.deepEqual([code, stdout], [0, 'here\n']);
  assert.equal(it.read('installs').split('\n').length, 2);
  assert.deepEqual(
    readdirSync(it.root).filter((name) => name.startsWith('.install')),
    [],
  );
});

test('without a network the reason is told in one line, and nothing counts as installed', async (t) => {
  const it = workspace(t, '#!/bin/sh\necho "npm error code EAI_AGAIN"; exit 1');
  const { code, stderr } = await it.boot('program.ts');
  assert.equal(code, 1);
  assert.match(
    stderr,
    /\nAOS could not install its dependencies: the package registry cannot be reached\. Check the network and try again\.\n$/,
  );
  assert.equal(existsSync(join(it.root, 'node_modules', '.aos-installed')), false);
});

test('a store that cannot be written is replaced by one of its own', async (t) => {
  const it = workspace(
    t,
    `${GOOD_INSTALLER}[ -n "$pnpm_config_store_dir" ] || { echo EACCES; exit 1; }`,
  );
  it.write('program.ts', '');
  const { code, stderr } = await it.boot('program.ts');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Trying again with a package store of its own/);
});

test('the exit code of the program is the exit code', async (t) => {
  const it = workspace(t, GOOD_INSTALLER);
  it.write('code.ts', 'process.exit(42);');
  it.write('signal.ts', `process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);`);
  assert.equal((await it.boot('code.ts')).code, 42);
  assert.equal((await it.boot('signal.ts')).code, 143);
});

test('signals are passed on', async (t) => {
  const it = workspace(t, GOOD_INSTALLER);
  it.write(
    'program.ts',
    `process.on('SIGTERM', () => process.exit(7)); console.log('up'); setInterval(() => {}, 1000);`,
  );
  const child = it.spawn('program.ts');
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [7, null]);
});

function workspace(t: TestContext, installer: string) {
  const root = mkdtempSync(join(tmpdir(), 'aos boot-'));
  t.after(() => rmSync(root, { recursive: true }));
  const write = (name: string, content: string, mode = 0o644): void => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content, { mode });
  };
  write('package.json', JSON.stringify({ type: 'module', packageManager: 'pnpm@0.0.0' }));
  write('pnpm-lock.yaml', '');
  write('pnpm-workspace.yaml', '');
  write('bin/npx', installer, 0o755);
  mkdirSync(join(root, 'deploy', 'local'), { recursive: true });
  for (const file of ['boot.mjs', 'lock.mjs']) {
    copyFileSync(join(import.meta.dirname, file), join(root, 'deploy', 'local', file));
  }
  const start = (...args: string[]) =>
    spawn(process.execPath, [join(root, 'deploy/local/boot.mjs'), ...args], {
      env: { PATH: `${join(root, 'bin')}:${process.env['PATH']}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  return {
    root,
    write,
    read: (name: string) => readFileSync(join(root, name), 'utf8'),
    spawn: start,
    async boot(...args: string[]) {
      const child = start(...args);
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
      child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
      const [code] = (await once(child, 'close')) as [number | null];
      return { code, stdout, stderr };
    },
  };
}
