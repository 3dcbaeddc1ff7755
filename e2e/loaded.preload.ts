import { registerHooks } from 'node:module';

// Tells of every module of OpenTelemetry that this process loads, however it is asked for.
registerHooks({
  load(url, context, next) {
    const name = /@opentelemetry\/[a-z-]+/.exec(url.replaceAll('+', '/'))?.[0];
    if (name) process.stderr.write(`LOADED ${name}\n`);
    return next(url, context);
  },
});
