import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runCommand } from './command.ts';
import { installDebianTools } from './debian-tools.ts';
import { onStopSignals } from './stop-signals.ts';
import type { TestArguments } from './test-arguments.ts';
import { openTestServers, type TestServers } from './test-servers.ts';
import { ROOT, stagesOf, type Stage } from './test-stages.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Runs the stages in order and stops at the first that fails; what was started is stopped in any case. */
export async function runStages(args: TestArguments, environment: Variables): Promise<number> {
  const signals = onStopSignals(() => process.exit(130));
  const strict = Boolean(environment['CI']) && args.paths.length === 0 && args.name === undefined;
  const stages = stagesOf(args).filter(({ group }) => args.only.includes(group));
  let servers: TestServers | undefined;
  try {
    if (args.paths.length === 0) await installDebianTools(environment, signals.stop);
    if (stages.some(({ group, args: run }) => (group === 'db' || group === 'e2e') && run)) {
      say('Starting PostgreSQL 18 and 15…');
      servers = await openTestServers(tmpdir());
    }
    const env = { ...withoutSettings(environment), ...servers?.environment };
    for (const stage of stages) {
      const code = await runStage(stage, { env, strict, signal: signals.stop });
      if (signals.stop.aborted) return signals.stop.reason === 'SIGINT' ? 130 : 143;
      if (code !== 0) return code;
    }
    say('\nAll checks passed.');
    return 0;
  } finally {
    await servers?.stop();
    signals.dispose();
  }
}

/** Tests give their programs every setting they need; those of the developer must not reach them. */
function withoutSettings(environment: Variables): Variables {
  const setting = /^(AOS_|ANTHROPIC_|OTEL_|DATABASE_URL|WORKER|PORT$|HOST$|LOG_LEVEL$|NODE_TEST_)/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !setting.test(name)));
}

async function runStage(
  { name, tests, args }: Stage,
  { env, strict, signal }: { env: Variables; strict: boolean; signal: AbortSignal },
): Promise<number> {
  say(`\n${name}`);
  if (!args) {
    say(`${strict ? 'FAILED' : 'nothing to do'}: ${name}, no test files`);
    return strict ? 1 : 0;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'aos-stage-'));
  try {
    const skippedFile = join(scratch, 'skipped');
    const reporters = [
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${join(import.meta.dirname, 'skipped-reporter.ts')}`,
      `--test-reporter-destination=${skippedFile}`,
    ];
    const started = performance.now();
    const all = tests ? [...reporters, ...args] : args;
    let code = await runCommand(process.execPath, all, { cwd: ROOT, env, signal });
    const skipped = tests ? readFileSync(skippedFile, { encoding: 'utf8', flag: 'a+' }) : '';
    if (skipped && strict) {
      say(`These tests were not run:\n${skipped}`);
      code ||= 1;
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    say(`${code === 0 ? 'ok' : 'FAILED'}: ${name}, ${seconds} s`);
    return code;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
