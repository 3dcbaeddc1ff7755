import type { VersionResource } from '@aos/sdk';

import { cliVersion } from '../cli-version.ts';
import { CommandError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { present } from '../present.ts';

/** The version of this program and, where it can be reached, of the API. */
export async function version(context: Context): Promise<ExitCode> {
  const { client, url } = await context.connectWithoutKey();
  let api: VersionResource | null = null;
  let reason = '';
  try {
    api = await client.version();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    reason = error.message;
  }
  present(context, { cli: cliVersion(), node: process.version, url, api }, (versions) => [
    `aos ${versions.cli}, Node ${versions.node}`,
    versions.api
      ? `API ${versions.api.version} (${versions.api.environment}) at ${url}`
      : `No API: ${reason}`,
  ]);
  return exitCodes.ok;
}
