/** A named, typed output kept beyond its step: a file of the run's workspace. */
export interface Artifact {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
  /** `sha256:<hex>` of the content. */
  readonly digest: string;
  /** The step that wrote it last. */
  readonly stepKey?: string;
  readonly createdAt: Date;
}

/** Path-like, relative, of plain characters: `notes.md`, `out/table.json`. */
export const ARTIFACT_NAME =
  '^(?!.*(?:^|/)\\.{1,2}(?:/|$))[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){0,7}$';
export const ARTIFACT_BYTES_MAX = 8 * 1024 * 1024;
/** All artifacts of one run together. */
export const WORKSPACE_BYTES_MAX = 64 * 1024 * 1024;
export const WORKSPACE_FILES_MAX = 1000;
