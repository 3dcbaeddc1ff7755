import { fail, ok, warn, type Finding } from '../finding.ts';

const ANSWER_MS = 5_000;

/** Whether the API answers, is ready, and is of the version of this program. */
export async function checkApi(url: string, version: string): Promise<Finding[]> {
  try {
    const told = (await ask(`${url}/version`)).body['version'];
    const { status, body } = await ask(`${url}/readyz`);
    if (status !== 200) {
      const reason = typeof body['reason'] === 'string' ? body['reason'] : `it answers ${status}`;
      return [fail('API', `The API at ${url} is not ready: ${reason}.`, 'Read its log.')];
    }
    const detail = `The API at ${url} is ready, version ${String(told)}.`;
    return [
      told === version
        ? ok('API', detail)
        : warn('API', detail, `This program is of version ${version}: use that of the API.`),
    ];
  } catch {
    return [fail('API', `The API at ${url} does not answer.`, 'Start it, or give --url.')];
  }
}

async function ask(url: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
