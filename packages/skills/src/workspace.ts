import { AosError, ARTIFACT_BYTES_MAX, ARTIFACT_NAME } from '@aos/core';

/** The files of a run, by name: rows of a table, not paths of a disk. */
export interface Workspace {
  read(
    scope: { readonly tenant: string; readonly runId: string },
    name: string,
  ): Promise<
    { readonly content: Buffer; readonly mediaType: string; readonly digest: string } | undefined
  >;
  /** Replaces a file of the same name. Throws `quota_exceeded`. */
  write(
    scope: {
      readonly tenant: string;
      readonly runId: string;
      readonly stepKey: string;
      readonly epoch: number;
    },
    name: string,
    content: Buffer,
    mediaType: string,
  ): Promise<{ readonly digest: string; readonly bytes: number }>;
}

const NAME = new RegExp(ARTIFACT_NAME);
/** Devices of Windows: a downloaded artifact must not become one. */
const DEVICE = /(?:^|\/)(?:con|prn|aux|nul|com\d|lpt\d)(?:\.[^/]*)?(?:\/|$)/i;

/** Throws `path_refused` for a name that is not relative and plain, whatever tricks it tries. */
export function refuseBadName(name: string): void {
  if (NAME.test(name) && !DEVICE.test(name)) return;
  throw new AosError(
    'path_refused',
    `${JSON.stringify(name.slice(0, 100))} is no name of a file: use letters, digits, ".", "_" and "-", with "/" between at most 8 parts.`,
  );
}

export function refuseTooLarge(content: Buffer): void {
  if (content.length <= ARTIFACT_BYTES_MAX) return;
  throw new AosError(
    'quota_exceeded',
    `A file may have ${ARTIFACT_BYTES_MAX} bytes, not ${content.length}.`,
  );
}

const types: Readonly<Record<string, string>> = {
  csv: 'text/csv; charset=utf-8',
  htm: 'text/html; charset=utf-8',
  html: 'text/html; charset=utf-8',
  json: 'application/json',
  md: 'text/markdown; charset=utf-8',
  ndjson: 'application/x-ndjson',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  xml: 'application/xml',
  yaml: 'application/yaml',
  yml: 'application/yaml',
};

/** By the ending of the name; undefined when it says nothing. */
export function mediaTypeOf(name: string): string | undefined {
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(types, ending) ? types[ending] : undefined;
}
