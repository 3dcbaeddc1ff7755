import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { runCommand } from './command.ts';

/** The Debian package of each program that tests drive and npm does not have. */
const PACKAGES = {
  prometheus: 'prometheus',
  promtool: 'prometheus',
  'prometheus-alertmanager': 'prometheus-alertmanager',
  amtool: 'prometheus-alertmanager',
  shellcheck: 'shellcheck',
  'docker-compose': 'docker-compose',
} as const;

export type Tool = keyof typeof PACKAGES;

/** Why a test that needs these cannot run here; undefined when all of them are there. */
export function lackOf(...tools: readonly Tool[]): string | undefined {
  const missing = packagesMissing(tools);
  return missing.length > 0 ? `it needs: apt-get install ${missing.join(' ')}` : undefined;
}

/**
 * Installs what tests lack on a Debian machine that nobody works on: root, without systemd, which would
 * start the programs as services of the host. Elsewhere the tests that need them say so.
 */
export async function installDebianTools(
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<void> {
  const missing = packagesMissing(Object.keys(PACKAGES) as Tool[]);
  const allowed = process.getuid?.() === 0 && !existsSync('/run/systemd/system');
  if (missing.length === 0 || !allowed || !isOnPath('apt-get')) return;
  const env = { ...environment, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: readonly string[]) =>
    runCommand('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', ...args], { cwd: '/', env, signal });
  const install = () => apt('install', '-y', '--no-install-recommends', ...missing);
  if ((await install()) !== 0 && (await apt('update')) === 0) await install();
}

function packagesMissing(tools: readonly Tool[]): string[] {
  return [...new Set(tools.filter((tool) => !isOnPath(tool)).map((tool) => PACKAGES[tool]))];
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
