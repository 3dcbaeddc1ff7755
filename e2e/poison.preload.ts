/**
 * Loaded into a worker by `--import`: a step named `poison` ends the process that executes it, the way a
 * crash in native code does.
 */
import { registerHooks } from 'node:module';

const BOUNDARY = 'started = true;';

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith('/packages/skills/src/base.ts')) return loaded;
    const source = new TextDecoder().decode(loaded.source as Uint8Array);
    if (source.split(BOUNDARY).length !== 2) throw new Error('The boundary of skills has moved.');
    const poison = `${BOUNDARY} if (call.stepKey === 'poison') process.kill(process.pid, 'SIGKILL');`;
    return { ...loaded, source: source.replace(BOUNDARY, poison) };
  },
});
