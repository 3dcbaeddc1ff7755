import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TIMEOUT_MS = 55_000;

/** Runs Node at the root of the workspace; a mistake may well make it run for ever. */
export async function attempt(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    // A test of a test: the runner must not take it for one of its own.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  return { code, output };
}

/** Flags with which Node plants the mutant before it reads anything else. */
export function preload(name: string): string[] {
  const plant = new URL('mutants/plant.ts', import.meta.url).href;
  const script = `import { plant } from ${JSON.stringify(plant)}; plant(${JSON.stringify(name)});`;
  return ['--import', `data:text/javascript,${encodeURIComponent(script)}`];
}
