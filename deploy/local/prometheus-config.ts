import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MONITORING = fileURLToPath(new URL('../../monitoring/', import.meta.url));

/**
 * The configuration of a Prometheus of this installation: monitoring/prometheus.yml with the rules where
 * they are and the name of the environment. Its targets are in the folder beside it.
 */
export function prometheusConfig(environment: string): string {
  return readFileSync(join(MONITORING, 'prometheus.yml'), 'utf8')
    .replace(/^( +environment: ).*$/m, (_line, name: string) => name + environment)
    .replaceAll(/^( +- )(rules\/.*)$/gm, (_line, dash: string, path: string) => {
      return dash + JSON.stringify(join(MONITORING, path));
    });
}

/** Writes it anew; who wants another one starts Prometheus with a file of their own. */
export function writePrometheusConfig(home: string, environment: string): string {
  const file = join(home, 'prometheus', 'prometheus.yml');
  mkdirSync(join(home, 'prometheus', 'targets'), { recursive: true });
  writeFileSync(file, prometheusConfig(environment));
  return file;
}
