import { AosError } from '@aos/core';

/** A full answer of 128,000 tokens is about 20 MB as events. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;

/**
 * `fetch` for a host that is not trusted to end its answers, and that gets a key and prompts: it follows
 * no redirect and reads at most `bytesMax`.
 */
export function boundedFetch(bytesMax = ANSWER_BYTES_MAX): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, redirect: 'manual' });
    if (!response.body) return response;
    let bytes = 0;
    const bound = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes <= bytesMax) controller.enqueue(chunk);
        else controller.error(tooLarge(bytesMax));
      },
    });
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(bound), { status, statusText, headers });
  };
}

function tooLarge(bytesMax: number): AosError {
  return new AosError(
    'response_too_large',
    `The host of the model sent more than ${bytesMax} bytes for one answer.`,
  );
}
