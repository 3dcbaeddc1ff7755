import { AosError, failures, makeReport } from '@aos/core';
import { artifactListSchema, type ArtifactResource } from '@aos/sdk';
import { artifacts, runs } from '@aos/store';

import { route } from '../route.ts';
import { SANDBOX_POLICY } from '../security-headers.ts';
import { factsOf } from './run-parts.ts';
import { runIdParam } from './runs.ts';

/** Made from stored facts when it is read; a file of this name that the run wrote comes first. */
const REPORT = 'report.json';

export const artifactRoutes = [
  route({
    method: 'get',
    path: '/v1/runs/:id/artifacts',
    access: 'runs:read',
    summary: 'List the files of a run',
    params: runIdParam,
    answers: {
      200: { description: 'The files, report.json included.', schema: artifactListSchema },
    },
    fails: ['run_not_found'],
    handle: async ({ params, caller }, { database }) => {
      const id = params['id'] ?? '';
      const { run, files } = await database.actingFor([caller.tenant], async (tx) => ({
        run: (await runs.get(tx, id)).run,
        files: await artifacts.list(tx, id),
      }));
      const items: ArtifactResource[] = files.map((file) => ({
        name: file.name,
        mediaType: file.mediaType,
        bytes: file.bytes,
        digest: file.digest,
        ...(file.stepKey && { step: file.stepKey }),
        createdAt: file.createdAt.toISOString(),
        derived: false,
        href: hrefOf(id, file.name),
      }));
      if (!files.some(({ name }) => name === REPORT)) {
        items.push({
          name: REPORT,
          mediaType: 'application/json',
          bytes: null,
          digest: null,
          createdAt: (run.finishedAt ?? run.createdAt).toISOString(),
          derived: true,
          href: hrefOf(id, REPORT),
        });
      }
      return { status: 200, json: { items } };
    },
  }),
  route({
    method: 'get',
    path: '/v1/runs/:id/artifacts/*name',
    access: 'runs:read',
    summary: 'Read a file of a run',
    params: { ...runIdParam, name: { type: 'string', description: 'It may hold slashes.' } },
    answers: {
      200: {
        description: 'The content, as an attachment.',
        mediaTypes: ['application/octet-stream'],
      },
    },
    fails: ['run_not_found', 'artifact_not_found'],
    handle: async ({ params, caller }, { database }) => {
      const id = params['id'] ?? '';
      const name = params['name'] ?? '';
      const file = await database.actingFor([caller.tenant], async (tx) => {
        await runs.get(tx, id);
        return artifacts.find(tx, id, name);
      });
      if (file) return attachment(file.name, file.mediaType, file.content);
      if (name === REPORT) {
        const report = makeReport(await factsOf(database, caller, id));
        return attachment(REPORT, 'application/json', JSON.stringify(report, undefined, 2));
      }
      throw new AosError('artifact_not_found', failures.artifact_not_found.meaning);
    },
  }),
];

/** Handed over as a file to keep. A browser that opens it all the same finds nothing it may run. */
function attachment(name: string, mediaType: string, content: Buffer | string) {
  // Names of artifacts are plain ASCII; the last part is the file's.
  const file = name.slice(name.lastIndexOf('/') + 1);
  return {
    status: 200,
    mediaType: /^[\w.+-]+\/[\w.+-]+(?:;\s?charset=[\w-]+)?$/.test(mediaType)
      ? mediaType
      : 'application/octet-stream',
    content,
    headers: {
      'Content-Disposition': `attachment; filename="${file}"`,
      'Content-Security-Policy': SANDBOX_POLICY,
      'Cache-Control': 'private, no-store',
    },
  };
}

function hrefOf(id: string, name: string): string {
  return `/v1/runs/${id}/artifacts/${name.split('/').map(encodeURIComponent).join('/')}`;
}
