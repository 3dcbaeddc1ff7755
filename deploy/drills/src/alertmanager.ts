import { join } from 'node:path';

import { freePort } from '@aos/local';

import { startProgram, type Program } from './program.ts';
import { untilReady } from './prometheus.ts';
import { MONITORING } from './rule-files.ts';

/** A real Alertmanager, started by its entrypoint as in production, only quicker to tell. */
export interface Alertmanager extends AsyncDisposable {
  readonly url: string;
  readonly program: Program;
}

export interface AlertmanagerOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly environment: string;
  readonly slackUrl: string;
  readonly smarthost: string;
  readonly heartbeatUrl: string;
  readonly runbooksUrl: string;
}

export const ON_CALL = 'on-call@example.com';

export async function startAlertmanager(options: AlertmanagerOptions): Promise<Alertmanager> {
  const { folder } = options;
  const address = `127.0.0.1:${await freePort()}`;
  const program = startProgram({
    name: 'Alertmanager',
    command: [
      'sh',
      join(MONITORING, 'alertmanager', 'entrypoint.sh'),
      '--output',
      join(folder, 'alertmanager', 'config.yml'),
      `--storage.path=${join(folder, 'alertmanager', 'data')}`,
      `--web.listen-address=${address}`,
      `--web.external-url=http://${address}`,
      '--cluster.listen-address=',
    ],
    env: {
      ...options.env,
      ALERT_ENVIRONMENTS: options.environment,
      ALERT_GROUP_WAIT: '1s',
      ALERT_GROUP_INTERVAL: '1s',
      ALERT_REPEAT_INTERVAL: '1h',
      ALERT_EMAIL_TO: ON_CALL,
      HEARTBEAT_INTERVAL: '1s',
      HEARTBEAT_URL: options.heartbeatUrl,
      SLACK_WEBHOOK_URL: options.slackUrl,
      SMTP_FROM: 'aos@example.com',
      SMTP_REQUIRE_TLS: 'false',
      SMTP_SMARTHOST: options.smarthost,
      AOS_RUNBOOK_BASE_URL: options.runbooksUrl,
    },
    logFile: join(folder, 'alertmanager.log'),
  });
  const url = `http://${address}`;
  try {
    await untilReady(url, program);
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
  return { url, program, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}
