import { connectionError } from './command-error.ts';

/**
 * `fetch` for the API of a person at a terminal: before the API has answered once, a broken connection is
 * told at once instead of being tried again; afterwards the client's own retries apply. An answer that no
 * AOS gives is named as such.
 */
export function guardedFetch(url: string): typeof fetch {
  let reached = false;
  return async (input, init) => {
    let response: Response;
    try {
      response = await fetch(input, init);
    } catch (error) {
      if (reached || !(error instanceof TypeError)) throw error;
      throw connectionError(
        `The API at ${url} cannot be reached (${reasonOf(error)}). Start it with \`npm start\`, or name another one with --url or AOS_URL.`,
        error,
      );
    }
    reached = true;
    const type = response.headers.get('content-type') ?? '';
    const wanted = new Headers(init?.headers).get('accept') ?? '*/*';
    const known = response.ok
      ? wanted === '*/*' || type.startsWith(wanted)
      : type.startsWith('application/problem+json');
    if (known) return response;
    await response.body?.cancel();
    // A proxy before an API that is restarting: the client's retries are for this.
    if (response.status >= 500) return unavailable(response);
    throw connectionError(
      `${url} answers (HTTP ${response.status}), but not as AOS does. Is it another program's address? Name the right one with --url or AOS_URL.`,
    );
  };
}

function unavailable(response: Response): Response {
  return new Response(null, { status: response.status, headers: response.headers });
}

/** Why a connection broke, in words. */
export function reasonOf(error: TypeError): string {
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') {
    return words.get(cause.code) ?? cause.code;
  }
  return cause instanceof Error ? cause.message : error.message;
}

const words: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nothing listens there'],
  ['ENOTFOUND', 'no such host'],
  ['EAI_AGAIN', 'the name of the host cannot be looked up'],
  ['ECONNRESET', 'the connection was cut'],
  ['UND_ERR_SOCKET', 'the connection was cut'],
  ['ETIMEDOUT', 'no answer in time'],
  ['UND_ERR_CONNECT_TIMEOUT', 'no answer in time'],
]);
