/** What programs of the workshop beside this one need: an embedded PostgreSQL, Debian's programs, what Prometheus reads, and to stop in order. */
export { lackOf } from './debian-tools.ts';
export { freePort } from './port.ts';
export { endPostgres, killPostgres, startPostgres } from './postgres.ts';
export { postmaster } from './postmaster.ts';
export { writePrometheusConfig } from './prometheus-config.ts';
export { keepScrapeTargets, scrapeTargetsFile } from './scrape-targets.ts';
export { onStopSignals } from './stop-signals.ts';
