import { resolve } from 'node:path';

import {
  libraryOf,
  lintLibrary,
  parseRunbook,
  type Library,
  type OpenApiDocument,
  type Runbook,
} from '@aos/runbooks';

import { usageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { exitCodes, type ExitCode } from '../exit-code.ts';
import { present } from '../present.ts';
import { styleOf } from '../text/style.ts';
import { table } from '../text/table.ts';

interface FolderOption {
  readonly folder?: string;
}

export async function listRunbooks(context: Context, options: FolderOption): Promise<ExitCode> {
  const library = openLibrary(context, options);
  const items = library.names.map((name) => {
    const { title, steps } = parseRunbook(name, library.page(name)?.text ?? '').runbook;
    return { name, title, steps: steps.length };
  });
  present(context, { items }, (cleaned) =>
    table(
      [{ title: 'RUNBOOK' }, { title: 'STEPS' }, { title: 'WHAT', flexible: true }],
      cleaned.items.map(({ name, steps, title }) => [name, String(steps), title]),
      context.out,
      styleOf(context.out.rich),
    ),
  );
  return exitCodes.ok;
}

export async function showRunbook(
  context: Context,
  name: string,
  options: FolderOption,
): Promise<ExitCode> {
  const { text } = pageOf(context, openLibrary(context, options), name);
  const { title, variables, steps, markdown } = parseRunbook(name, text).runbook;
  present(context, { name, title, variables, steps, markdown }, (cleaned) =>
    cleaned.markdown.trimEnd().split('\n'),
  );
  return exitCodes.ok;
}

export async function lintRunbooks(context: Context, options: FolderOption): Promise<ExitCode> {
  const library = openLibrary(context, options);
  const { client } = await context.connectWithoutKey();
  const openApi = (await client.call('GET', '/openapi.json')) as OpenApiDocument;
  const { metricTable } = await import('@aos/telemetry/metric-table');
  const problems = lintLibrary(library, { openApi, metrics: Object.values(metricTable) });
  present(context, { runbooks: library.names.length, problems }, (cleaned) =>
    cleaned.problems.length > 0
      ? cleaned.problems
      : [`${library.names.length} runbooks, and nothing is wrong with them.`],
  );
  return problems.length > 0 ? exitCodes.runFailed : exitCodes.ok;
}

/** The runbooks of AOS, or those of the folder that was named. */
export function openLibrary(context: Context, { folder }: FolderOption): Library {
  try {
    return folder === undefined ? libraryOf() : libraryOf(resolve(context.folder, folder));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw usageError(`The folder of the runbooks cannot be read (${String(error.code)}).`, error);
  }
}

export function pageOf(context: Context, library: Library, name: string) {
  const page = library.page(name.replace(/\.md$/, ''));
  if (page) return page;
  const close = library.names.filter((known) => known.toLowerCase() === name.toLowerCase());
  throw usageError(
    close[0]
      ? `There is no runbook ${name}; ${close[0]} there is.`
      : `There is no runbook ${name}. See which there are: ${context.program} runbook list`,
  );
}

/** The runbook, when every step of it can be walked. */
export function walkable(context: Context, library: Library, name: string): Runbook {
  const { runbook, problems } = parseRunbook(name, pageOf(context, library, name).text);
  if (problems.length > 0) {
    throw usageError([`The runbook ${name} cannot be walked:`, ...problems].join('\n  '));
  }
  if (runbook.steps.length > 0) return runbook;
  throw usageError(
    `The runbook ${name} has no steps to walk; it is for reading: ${context.program} runbook show ${name}`,
  );
}
