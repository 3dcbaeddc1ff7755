import { examine, type Finding } from '@aos/doctor';

import { cliVersion } from '../cli-version.ts';
import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { doctorVerdict, findingLines } from '../render/doctor.ts';
import { cleanJson, inertLine } from '../text/clean.ts';

export interface DoctorOptions {
  readonly database?: string;
}

/** Fails when something must be mended; what is only worth a look does not. */
export async function doctor(context: Context, options: DoctorOptions): Promise<ExitCode> {
  const { out, json } = context;
  const databaseUrl = context.databaseUrl(options.database);
  const findings: Finding[] = [];
  const installation = { ...context.surroundings(), databaseUrl, version: cliVersion() };
  for await (const finding of examine(installation)) {
    findings.push(finding);
    if (json) out.write(`${inertLine(finding)}\n`);
    else out.write(`${findingLines(out, cleanJson(finding)).join('\n')}\n`);
  }
  if (!json) out.write(`${doctorVerdict(out, findings)}\n`);
  return findings.some(({ verdict }) => verdict === 'fail') ? exitCodes.runFailed : exitCodes.ok;
}
