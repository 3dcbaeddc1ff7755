import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { test } from 'node:test';

/** Imports point down only, never sideways. `beside`: may see everything, and nobody may see it. */
const floors: Readonly<Record<string, number | 'beside'>> = {
  'packages/core': 0,
  'packages/config': 1,
  'packages/telemetry': 1,
  'packages/store': 1,
  'packages/llm': 1,
  'packages/engine': 1,
  'packages/egress': 1,
  'packages/sdk': 1,
  'packages/planner': 2,
  'packages/skills': 2,
  'packages/agents': 2,
  'packages/checker': 2,
  'packages/doctor': 2,
  'packages/runbooks': 2,
  'packages/cli': 3,
  'services/api': 3,
  'services/worker': 3,
  'deploy/container': 3,
  'deploy/local': 3,
  'packages/testing': 'beside',
  'packages/dashboards': 'beside',
  'packages/simulator': 'beside',
  'deploy/drills': 'beside',
  e2e: 'beside',
};

const TESTING = '@aos/testing';

/** What only some folders may import. */
const onlyIn: Readonly<Record<string, readonly string[]>> = {
  axios: ['packages/egress'],
  express: ['services/api', 'e2e'],
  pg: ['packages/store', 'packages/testing', 'packages/skills', 'e2e'],
  'pg-boss': ['packages/store', 'e2e'],
  'prom-client': ['packages/telemetry'],
  winston: ['packages/telemetry'],
  '@anthropic-ai/sdk': ['packages/llm'],
  '@opentelemetry/api': ['packages/telemetry'],
  '@opentelemetry/sdk-trace': ['packages/telemetry'],
};

const LINES_MAX = 300;
const TEST_LINES_MAX = 400;

interface Source {
  readonly path: string;
  readonly text: string;
}

interface Manifest {
  readonly folder: string;
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
}

const sources: readonly Source[] = list('{packages,services,deploy,e2e}/**/*.{ts,mts,mjs}').map(
  (path) => ({ path, text: readFileSync(join(import.meta.dirname, path), 'utf8') }),
);
const manifests = list('{packages,services,deploy}/*/package.json', 'e2e/package.json').map(
  readManifest,
);

test('every package has its floor', () => {
  assert.deepEqual(new Set(manifests.map(({ folder }) => folder)), new Set(Object.keys(floors)));
  assert.ok(sources.length > 100);
});

test('packages depend on lower floors only', () => {
  assert.deepEqual(manifests.flatMap(upward), []);
  const plant = { folder: 'packages/core', name: '@aos/core', devDependencies: [] };
  assert.equal(upward({ ...plant, dependencies: ['@aos/store'] }).length, 1);
  assert.equal(upward({ ...plant, dependencies: [], devDependencies: ['@aos/api'] }).length, 1);
  const sideways = { ...plant, folder: 'packages/store', dependencies: ['@aos/config'] };
  assert.equal(upward(sideways).length, 1);
});

test('what is imported is declared, and what only tests need stays with tests', () => {
  assert.deepEqual(sources.flatMap(undeclared), []);
  const text = `import { x } from '@aos/store';\nimport { y } from '${TESTING}';\n`;
  assert.equal(undeclared({ path: 'packages/engine/src/planted.ts', text }).length, 2);
  assert.equal(undeclared({ path: 'packages/engine/src/planted.test.ts', text }).length, 1);
});

test('no relative import leaves its package, and each names its file', () => {
  assert.deepEqual(sources.flatMap(leaving), []);
  const text = `import '../../store/src/db.ts';\nimport './a';\nexport * from './b.ts';\n`;
  assert.equal(leaving({ path: 'packages/engine/src/planted.ts', text }).length, 2);
});

test('libraries with a home are used at home', () => {
  assert.deepEqual(sources.flatMap(homeless), []);
  const text = `import axios from 'axios';\nimport { PgBoss } from 'pg-boss';\nimport 'express';`;
  assert.equal(homeless({ path: 'packages/skills/src/planted.ts', text }).length, 3);
});

test('the environment is read in main.ts and by the programs of the workshop alone', () => {
  assert.deepEqual(sources.flatMap(readsEnvironment), []);
  const text = `const home = process.env['HOME'];`;
  assert.equal(readsEnvironment({ path: 'packages/store/src/planted.ts', text }).length, 1);
  assert.equal(readsEnvironment({ path: 'packages/skills/src/main.ts', text }).length, 1);
  assert.equal(readsEnvironment({ path: 'services/api/src/main.ts', text }).length, 0);
});

test('SQL of the tables of AOS is in the store alone', () => {
  assert.deepEqual(sources.flatMap(foreignSql), []);
  const text = 'await db.query(`select id\n from aos.runs`)';
  assert.equal(foreignSql({ path: 'services/api/src/planted.ts', text }).length, 1);
});

test('files are short', () => {
  assert.deepEqual(sources.flatMap(tooLong), []);
  assert.equal(
    tooLong({ path: 'packages/core/src/planted.ts', text: 'x\n'.repeat(301) }).length,
    1,
  );
});

test('the first words of a package tell its floor', () => {
  const openings = sources.filter(({ path }) => /^packages\/[^/]+\/src\/index\.ts$/.test(path));
  assert.deepEqual(openings.flatMap(untoldFloor), []);
  assert.equal(
    untoldFloor({ path: 'packages/core/src/index.ts', text: '/** Floor 1: */' }).length,
    1,
  );
});

function upward({ folder, dependencies, devDependencies }: Manifest): string[] {
  const own = floors[folder];
  if (own === 'beside' || own === undefined) return [];
  return [...dependencies, ...devDependencies]
    .filter((name) => name.startsWith('@aos/'))
    .filter((name) => !(name === TESTING && devDependencies.includes(name)))
    .filter((name) => {
      const floor = floors[folderOfPackage(name)];
      return typeof floor !== 'number' || floor >= own;
    })
    .map((name) => `${folder} (floor ${own}) depends on ${name}`);
}

function undeclared({ path, text }: Source): string[] {
  const manifest = manifests.find(({ folder }) => folder === folderOf(path));
  return (
    importsOf(text)
      // A part that a package offers by itself, as `@aos/core/json-patch`, comes with the package.
      .map((name) => name.match(/^@aos\/[^/]+/)?.[0] ?? name)
      .filter((name) => name.startsWith('@aos/') && name !== manifest?.name)
      .filter(
        (name) =>
          !manifest?.dependencies.includes(name) &&
          !(isForTests(path) && manifest?.devDependencies.includes(name)),
      )
      .map((name) => `${path} imports ${name}`)
  );
}

function leaving({ path, text }: Source): string[] {
  return importsOf(text)
    .filter((target) => target.startsWith('.'))
    .filter((target) => {
      const file = posix.join(posix.dirname(path), target);
      return !file.startsWith(`${folderOf(path)}/`) || !/\.(ts|mjs|json)$/.test(target);
    })
    .map((target) => `${path} imports ${target}`);
}

function homeless({ path, text }: Source): string[] {
  return importsOf(text)
    .map((target) => target.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? target)
    .filter((name) => Object.hasOwn(onlyIn, name) && !onlyIn[name]?.includes(folderOf(path)))
    .map((name) => `${path} imports ${name}`);
}

function readsEnvironment({ path, text }: Source): string[] {
  const allowed =
    /^(services\/[^/]+|packages\/cli|deploy\/drills)\/src\/main\.ts$/.test(path) ||
    /^(deploy\/(local|container)|e2e|packages\/testing)\//.test(path) ||
    isForTests(path);
  return !allowed && /\bprocess\s*(\.\s*env\b|\[\s*['"]env)/.test(text) ? [path] : [];
}

function foreignSql({ path, text }: Source): string[] {
  const allowed = /^(packages\/store|deploy\/drills|e2e)\//.test(path) || isForTests(path);
  return !allowed && /\b(from|join|into|update|table|call)\s+(aos|pgboss)\.\w/i.test(text)
    ? [path]
    : [];
}

/** Blank lines and comments are free, as for the linter. */
function tooLong({ path, text }: Source): string[] {
  const lines = text
    .replaceAll(/^\s*\/\*[^]*?\*\//gm, '')
    .split('\n')
    .filter((line) => !/^\s*(\/\/.*)?$/.test(line)).length;
  return lines > (isForTests(path) ? TEST_LINES_MAX : LINES_MAX) ? [`${path}: ${lines} lines`] : [];
}

function untoldFloor({ path, text }: Source): string[] {
  const floor = floors[folderOf(path)];
  const opening = floor === 'beside' ? 'Beside the floors' : `Floor ${floor}: `;
  const told = text.replace(/^\/\*\*\s+(?:\* )?/, '').startsWith(opening);
  return told ? [] : [`${path} does not open with "${opening}"`];
}

function importsOf(text: string): string[] {
  const statement =
    /^(?:import|export)\b[^'"`;]*?\bfrom\s+['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;
  return [...text.matchAll(statement)].map(
    ([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '',
  );
}

function isForTests(path: string): boolean {
  return (
    /(\.(test|simtest|dbtest|e2e|fixture)|-probe\.task)\.ts$/.test(path) || path.startsWith('e2e/')
  );
}

function folderOf(path: string): string {
  return path.startsWith('e2e/') ? 'e2e' : path.split('/').slice(0, 2).join('/');
}

function folderOfPackage(name: string): string {
  return manifests.find((manifest) => manifest.name === name)?.folder ?? name;
}

function readManifest(path: string): Manifest {
  const { name, dependencies, devDependencies } = JSON.parse(
    readFileSync(join(import.meta.dirname, path), 'utf8'),
  ) as { name: string; dependencies?: object; devDependencies?: object };
  return {
    folder: dirname(path),
    name,
    dependencies: Object.keys(dependencies ?? {}),
    devDependencies: Object.keys(devDependencies ?? {}),
  };
}

function list(...patterns: string[]): string[] {
  return globSync(patterns, {
    cwd: import.meta.dirname,
    exclude: (path) => path.includes('node_modules'),
  }).map((path) => path.split(sep).join('/'));
}
