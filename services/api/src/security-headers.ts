import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Nothing that the API answers may load or run anything; the documents page is the one exception. */
export function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
      },
    },
    crossOriginEmbedderPolicy: false,
    referrerPolicy: { policy: 'no-referrer' },
    // TLS ends before us; whoever ends it sends this header.
    strictTransportSecurity: false,
  });
}

/** Swagger UI from our own files: its script, its styles (some set inline), its data: images. */
export const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** For files that a run wrote: opened in a browser, they are inert. */
export const SANDBOX_POLICY = "default-src 'none'; sandbox";
