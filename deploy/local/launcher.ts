import { loadLocalConfig, type LocalConfig } from '@aos/config';
import { AosError, type Report } from '@aos/core';
import { createClient } from '@aos/sdk';

import { parseArguments, USAGE, type StartArguments } from './arguments.ts';
import { openHome, type Home } from './home.ts';
import { openEmbeddedDatabase, openGivenDatabase } from './installation.ts';
import { KEY_FILE, openLocalKey } from './local-key.ts';
import { assertPortFree } from './port.ts';
import { killPostgres } from './postgres.ts';
import { writePrometheusConfig } from './prometheus-config.ts';
import { runGoal } from './run-goal.ts';
import { keepScrapeTargets } from './scrape-targets.ts';
import { showReport } from './show-report.ts';
import { startStack, type StackOptions } from './stack.ts';
import { onStopSignals } from './stop-signals.ts';
import { serveWelcomePage } from './welcome-page.ts';

type Variables = Readonly<Record<string, string | undefined>>;

export interface Launch {
  readonly args: StartArguments;
  readonly config: LocalConfig;
  readonly environment: Variables;
  readonly home: Home;
  readonly say: (line: string) => void;
  /** Aborted when all must stop: by a signal (its name), or by a service that keeps dying (an error). */
  readonly stop: AbortSignal;
  readonly giveUp: (reason: AosError) => void;
  readonly killers: (() => void)[];
  readonly programs?: NonNullable<StackOptions['programs']>;
}

/** Starts everything, waits for the end, stops everything. Returns the exit code. */
export async function run(
  args: readonly string[],
  environment: Variables,
  programs?: NonNullable<StackOptions['programs']>,
): Promise<number> {
  let parsed: StartArguments;
  try {
    parsed = parseArguments(args);
  } catch (error) {
    return end(2, `${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
  if (parsed.help) return end(0, USAGE);
  // With --once only the report goes to stdout.
  const out = parsed.once === undefined ? process.stdout : process.stderr;
  const killers: (() => void)[] = [];
  const signals = onStopSignals(() => {
    for (const kill of killers) kill();
    process.exit(130);
  });
  const giveUp = new AbortController();
  const stop = AbortSignal.any([signals.stop, giveUp.signal]);
  try {
    const config = loadLocalConfig(environment);
    const home = openHome(config.home);
    killers.push(
      () => killPostgres(home.path('postgres')),
      () => home.release(),
    );
    try {
      return await launch({
        args: parsed,
        config,
        environment,
        home,
        say: (line) => out.write(`${line}\n`),
        stop,
        giveUp: (reason) => giveUp.abort(reason),
        killers,
        ...(programs && { programs }),
      });
    } finally {
      home.release();
    }
  } catch (error) {
    return failed(error, stop, parsed);
  } finally {
    signals.dispose();
  }
}

async function launch(it: Launch): Promise<number> {
  const { config, home, say, stop, args } = it;
  for (const warning of config.warnings) say(`Warning: ${warning}`);
  if (config.port !== 0) await assertPortFree(config.host, config.port);

  await using cleanup = new AsyncDisposableStack();
  say(config.databaseUrl ? 'Preparing the database…' : 'Starting the database…');
  const installation = config.databaseUrl
    ? await openGivenDatabase(config.databaseUrl)
    : await openEmbeddedDatabase(home, say);
  cleanup.defer(() => installation.stop());
  const apiKey = await openLocalKey(installation.owner, home);
  stop.throwIfAborted();

  const welcome = await serveWelcomePage(home);
  cleanup.defer(() => welcome.close());
  say(`Starting the API and ${config.workers} workers…`);
  const stack = await startStack({
    config,
    environment: it.environment,
    home,
    say,
    ...(it.programs && { programs: it.programs }),
    installation,
    allowHosts: [welcome.authority],
    onGivenUp: it.giveUp,
  });
  it.killers.push(() => stack.killNow());
  cleanup.defer(async () => {
    say('Stopping…');
    await stack.stop();
  });
  stop.throwIfAborted();

  home.write('url', stack.url); // where the command line finds it
  const client = createClient({ url: stack.url, apiKey });
  writePrometheusConfig(home.dir, config.environment);
  const ended = new AbortController();
  cleanup.defer(() => ended.abort());
  void keepScrapeTargets({ client, home: home.dir, stop: ended.signal });
  const goal = args.once ?? `Fetch HTML of ${welcome.url}, extract headings, summarize them.`;
  if (args.once !== undefined || (args.welcome && config.workers > 0)) {
    say(`\nGoal: ${goal}`);
    const report = await runGoal({ client, goal, say, signal: stop });
    for (const line of showReport(report)) say(line);
    if (args.once !== undefined) return answerOnce(report);
  }
  for (const line of readyLines(stack.url, home)) say(line);
  await aborted(stop);
  stop.throwIfAborted();
  return 0;
}

function readyLines(url: string, home: Home): string[] {
  return [
    '',
    `AOS is ready: ${url}`,
    '',
    `  Sign in with the key in ${home.path(KEY_FILE)}`,
    `  Try     npm run aos -- run "Fetch HTML of example.com, extract headings, summarize them."`,
    `  or      curl -H "Authorization: Bearer $(cat '${home.path(KEY_FILE)}')" ${url}/v1/runs`,
    `  Read    ${url}/docs`,
    `  Logs    ${home.path('logs')}`,
    '',
    'Ctrl-C stops it.',
  ];
}

function answerOnce(report: Report): number {
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  return report.outcome === 'succeeded' ? 0 : 1;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** A wish to stop is no failure, but for a goal that was to be finished. */
function failed(error: unknown, stop: AbortSignal, { once }: StartArguments): number {
  const reason: unknown = stop.aborted ? stop.reason : error;
  if (reason === 'SIGINT') return once === undefined ? 0 : 130;
  if (reason === 'SIGTERM' || reason === 'SIGHUP') return once === undefined ? 0 : 143;
  const sentence = reason instanceof Error ? reason.message : String(reason);
  const stack = reason instanceof AosError || !(reason instanceof Error) ? '' : `\n${reason.stack}`;
  return end(1, `AOS stopped: ${sentence}${stack}`);
}

function end(code: number, text: string): number {
  (code === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  return code;
}
