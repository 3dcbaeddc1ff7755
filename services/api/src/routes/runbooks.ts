import { AosError, failures } from '@aos/core';
import { libraryOf, parseRunbook, type Library, type Page } from '@aos/runbooks';

import { route, type Answer, type Call } from '../route.ts';
import { RUNBOOK_POLICY, runbookHtml } from '../runbook-page.ts';

const answers = {
  200: { description: 'The page, as it is asked for.', mediaTypes: ['text/html', 'text/markdown'] },
} as const;

let known: Library | undefined;

/** They come with the program and do not change while it runs. */
function library(): Library {
  known ??= libraryOf();
  return known;
}

/** What to do when an alert fires. Public: whoever is woken needs it at once, and there are no secrets in it. */
export const runbookRoutes = [
  route({
    method: 'get',
    path: '/runbooks',
    access: 'public',
    summary: 'The index of the runbooks',
    answers,
    fails: ['runbook_not_found'],
    handle: async (call) => tell(library().index, call),
  }),
  route({
    method: 'get',
    path: '/runbooks/:name',
    access: 'public',
    summary: 'Read a runbook',
    params: {
      name: { type: 'string', description: 'Of the alert or the procedure; .md may follow.' },
    },
    answers,
    fails: ['runbook_not_found'],
    handle: async (call) =>
      tell(library().page((call.params['name'] ?? '').replace(/\.md$/, '')), call),
  }),
];

/** Who names no type, as a browser that takes all, gets the one for reading. */
function tell(page: Page | undefined, { request }: Call): Answer {
  if (!page) throw new AosError('runbook_not_found', failures.runbook_not_found.meaning);
  const headers = {
    'Content-Security-Policy': RUNBOOK_POLICY,
    'Cache-Control': 'no-cache',
    Vary: 'Accept',
  };
  const plain = request.accepts(['text/html', 'text/markdown']) === 'text/markdown';
  const { title, markdown } = parseRunbook(page.name, page.text).runbook;
  return {
    status: 200,
    mediaType: `${plain ? 'text/markdown' : 'text/html'}; charset=utf-8`,
    content: plain ? page.text : runbookHtml({ title, markdown }),
    headers,
  };
}
