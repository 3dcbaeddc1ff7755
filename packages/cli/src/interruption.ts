import { exitCodes } from './exit-code.ts';

/** npm, the shell and the terminal may each send the same Ctrl-C once more. */
const SAME_PRESS_MS = 1000;

/**
 * A function that turns the first Ctrl-C into a signal from its first call on. A further Ctrl-C, pressed
 * because the first one seems not to work, ends the process.
 */
export function interruptionOf(events: NodeJS.Process): () => AbortSignal {
  let controller: AbortController | undefined;
  return () => {
    if (controller) return controller.signal;
    const made = new AbortController();
    controller = made;
    let pressedAt: number | undefined;
    events.on('SIGINT', () => {
      pressedAt ??= Date.now();
      if (Date.now() - pressedAt > SAME_PRESS_MS) events.exit(exitCodes.interrupted);
      made.abort();
    });
    return made.signal;
  };
}
