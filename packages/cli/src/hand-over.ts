import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Ctrl-C reaches both; it is the program that ends in order. */
const wait = (): void => {};

/** Runs a program of the workspace on this terminal; returns its exit code, as a shell would tell it. */
export function handOver(
  program: URL,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(program), ...args], {
      env,
      stdio: 'inherit',
    });
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
    process.on('SIGINT', wait).on('SIGTERM', pass).on('SIGHUP', pass);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      process.off('SIGINT', wait).off('SIGTERM', pass).off('SIGHUP', pass);
      resolve(signal ? 128 + constants.signals[signal] : (code ?? 1));
    });
  });
}
