import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { DockerfileParser, type Dockerfile } from 'dockerfile-ast';

const text = readFileSync(new URL('../Dockerfile', import.meta.url), 'utf8');
const root = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  packageManager: string;
  devDependencies: Record<string, string>;
};

test('the Dockerfile has none of the faults we look for, and each is found when it is there', () => {
  assert.deepEqual(faultsOf(text), []);
  const planted: readonly [from: RegExp, to: string, fault: RegExp][] = [
    [/:24\.21\.0-bookworm-slim$/m, ':latest', /latest/],
    [/:24\.21\.0-bookworm-slim/, '', /names no version/],
    [/^USER .*$/m, '', /root/],
    [/^USER .*$/m, 'USER root', /root/],
    [/^WORKDIR \/aos\nCOPY --from/m, 'ADD https://example.com/x /x\nCOPY --from', /ADD/],
    [/^EXPOSE/m, 'ARG NPM_TOKEN\nEXPOSE', /NPM_TOKEN/],
    [/^EXPOSE/m, 'ENV DATABASE_PASSWORD=x\nEXPOSE', /DATABASE_PASSWORD/],
    [/^HEALTHCHECK[^]*?readyz"\]$/m, '', /HEALTHCHECK/],
    [/^ENTRYPOINT .*$/m, 'ENTRYPOINT node', /ENTRYPOINT/],
    [/^EXPOSE/m, 'RUN curl https://example.com/x.sh | sh\nEXPOSE', /shell from the network/],
    [/--frozen-lockfile /, '', /lockfile/],
    [/--prod /, '', /development/],
    [/COPY --from=build \/aos \.\//, 'COPY . ./', /last stage/],
  ];
  for (const [from, to, fault] of planted) {
    assert.match(text, from);
    assert.match(faultsOf(text.replace(from, to)).join('\n'), fault);
  }
});

test('the image has the Node and the pnpm that the tests run with', () => {
  const images = DockerfileParser.parse(text)
    .getFROMs()
    .map((from) => from.getImage());
  const node = root.devDependencies['node'];
  assert.deepEqual(new Set(images), new Set([`node:${node}-bookworm-slim`]));
  assert.ok(text.includes(root.packageManager));
});

test('nothing that holds secrets or is not needed is sent to the build', () => {
  const lines = readFileSync(new URL('../../.dockerignore', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  assert.equal(lines[0], '**');
  const allowed = lines.filter((line) => line.startsWith('!'));
  for (const name of ['secrets', '.env', '.git', '.aos', 'e2e', 'deploy/local']) {
    assert.ok(!allowed.includes(`!${name}`), name);
  }
  for (const pattern of ['**/node_modules', '**/*.test.ts', '**/*.fixture.ts']) {
    assert.ok(lines.indexOf(pattern) > lines.indexOf('!packages'), pattern);
  }
});

test('what the services need of the workspace is sent to the build', () => {
  const ignored = readFileSync(new URL('../../.dockerignore', import.meta.url), 'utf8').split('\n');
  const needed = new Set<string>();
  const need = (folder: string): void => {
    if (needed.has(folder)) return;
    needed.add(folder);
    const manifest = new URL(`../../${folder}/package.json`, import.meta.url);
    const { dependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    for (const name of Object.keys(dependencies)) {
      if (name.startsWith('@aos/')) need(name.replace('@aos/', 'packages/'));
    }
  };
  for (const folder of ['services/api', 'services/worker', 'deploy/container']) need(folder);
  assert.ok(needed.size > 10);
  for (const folder of needed) assert.ok(!ignored.includes(folder), folder);
});

/** What is wrong with a Dockerfile, in sentences. */
function faultsOf(dockerfile: string): string[] {
  const parsed = DockerfileParser.parse(dockerfile);
  const last = parsed.getFROMs().at(-1)?.getRange()?.start.line ?? 0;
  return [
    ...parsed.getFROMs().flatMap((from) => faultsOfImage(from.getImage() ?? '')),
    ...faultsOfUser(parsed),
    ...faultsOfNames(parsed),
    ...parsed
      .getInstructions()
      .filter((instruction) => instruction.getKeyword() === 'ADD')
      .map(() => 'ADD fetches or unpacks: use COPY'),
    ...parsed
      .getCOPYs()
      .filter((copy) => (copy.getRange()?.start.line ?? 0) > last && !copy.getFromFlag())
      .map(() => 'the last stage copies from the context: it would hold more than what runs'),
    ...(parsed.getHEALTHCHECKs().length === 1 ? [] : ['there is no HEALTHCHECK']),
    ...(/^ENTRYPOINT \[/m.test(dockerfile)
      ? []
      : ['ENTRYPOINT is no list: signals would get lost']),
    ...(/(curl|wget)[^\n]*\|\s*(ba)?sh/.test(dockerfile) ? ['it runs shell from the network'] : []),
    ...(dockerfile.includes('--frozen-lockfile') ? [] : ['it installs without the lockfile']),
    ...(dockerfile.includes('--prod') ? [] : ['it installs what only development needs']),
  ];
}

function faultsOfImage(image: string): string[] {
  const tag = image.split(':')[1];
  if (tag === undefined) return [`${image} names no version`];
  return /^\d+\.\d+\.\d+/.test(tag) ? [] : [`${image} is not one version, as latest is not`];
}

function faultsOfUser(parsed: Dockerfile): string[] {
  const user = parsed
    .getInstructions()
    .findLast((instruction) => instruction.getKeyword() === 'USER')
    ?.getArgumentsContent();
  return user && /^[1-9]\d*:[1-9]\d*$/.test(user) ? [] : ['it runs as root'];
}

/** Whatever is an ARG or an ENV can be read by everybody who has the image. */
function faultsOfNames(parsed: Dockerfile): string[] {
  const names = [
    ...parsed.getARGs().map((arg) => arg.getProperty()?.getName()),
    ...parsed.getENVs().flatMap((env) => env.getProperties().map((property) => property.getName())),
  ];
  return names
    .filter((name) => name !== undefined && /SECRET|TOKEN|PASSWORD|KEY|DATABASE_URL/.test(name))
    .map((name) => `${name} would be in the image for everybody to read`);
}
