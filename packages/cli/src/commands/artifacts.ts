import { ARTIFACT_NAME } from '@aos/core';
import type { ArtifactResource } from '@aos/sdk';

import { usageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { runIdOf } from '../ids.ts';
import { present } from '../present.ts';
import { saveFile, saveInFolder } from '../save-file.ts';
import { bytes, moment } from '../text/amounts.ts';
import { inertJson, oneLine } from '../text/clean.ts';
import { styleOf } from '../text/style.ts';
import { table, type Cell } from '../text/table.ts';

export interface ArtifactsOptions {
  readonly output?: string;
  readonly force?: boolean;
}

const columns = [
  { title: 'NAME' },
  { title: 'TYPE', flexible: true },
  { title: 'SIZE' },
  { title: 'STEP' },
  { title: 'WRITTEN' },
];

export async function artifacts(
  context: Context,
  id: string,
  name: string | undefined,
  options: ArtifactsOptions,
): Promise<ExitCode> {
  const runId = runIdOf(id);
  if (name !== undefined) return download(context, runId, name, options);
  if (options.output !== undefined) throw usageError('Name the artifact that --output is for.');
  const client = await context.connect();
  present(context, await client.runs.artifacts(runId), ({ items }) =>
    items.length === 0
      ? ['No artifacts.']
      : [
          ...table(columns, items.map(row), context.out, styleOf(context.out.rich)),
          `Get one: ${context.program} artifacts ${runId} <name>`,
        ],
  );
  return exitCodes.ok;
}

async function download(
  context: Context,
  runId: string,
  name: string,
  { output, force = false }: ArtifactsOptions,
): Promise<ExitCode> {
  if (!new RegExp(ARTIFACT_NAME).test(name)) {
    throw usageError(`${JSON.stringify(name)} is no name of an artifact.`);
  }
  if (output === '-' && context.json) {
    throw usageError('--json and --output - would both write to stdout.');
  }
  const client = await context.connect();
  const { content, mediaType } = await client.runs.artifact(runId, name);
  if (output === '-') {
    context.out.write(content);
    return exitCodes.ok;
  }
  const file =
    output === undefined
      ? saveInFolder(context.folder, name, content, force)
      : saveFile(context.folder, output, name, content, force);
  if (context.json) context.out.write(`${inertJson({ file, bytes: content.length, mediaType })}\n`);
  else context.say(`Written to ${file} (${bytes(content.length)}).`);
  return exitCodes.ok;
}

function row(artifact: ArtifactResource): Cell[] {
  return [
    oneLine(artifact.name),
    oneLine(artifact.mediaType),
    artifact.bytes === null ? '-' : bytes(artifact.bytes),
    artifact.step === undefined ? '-' : oneLine(artifact.step),
    moment(artifact.createdAt),
  ];
}
