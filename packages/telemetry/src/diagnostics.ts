import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Logger } from './logger.ts';

/**
 * SIGUSR2 writes a diagnostic report of the process (stacks, heap, handles; never its environment) and
 * logs where it is. SIGHUP is logged and changes nothing: settings are read at start, and a closed
 * terminal must not end a service.
 */
export function answerSignals(log: Logger): void {
  process.report.directory = tmpdir();
  process.report.excludeEnv = true;
  process.on('SIGUSR2', () => {
    const file = join(tmpdir(), process.report.writeReport());
    log.info('process.report_written', { file });
  });
  process.on('SIGHUP', () => {
    log.info('process.hangup_ignored', { advice: 'Restart the service to change its settings.' });
  });
}
