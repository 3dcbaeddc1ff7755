import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One file of the folder. */
export interface Page {
  readonly name: string;
  readonly text: string;
}

/** The pages of a folder, read once. A name that is not in the list reaches no file. */
export interface Library {
  readonly folder: string;
  /** Without the index, by name. */
  readonly names: readonly string[];
  page(name: string): Page | undefined;
  /** README.md. */
  readonly index: Page | undefined;
}

/** Those that AOS comes with. */
export const OWN_RUNBOOKS = fileURLToPath(new URL('../../../runbooks', import.meta.url));

const INDEX = 'README';

/** Throws what the file system throws when there is no such folder. */
export function libraryOf(folder: string = OWN_RUNBOOKS): Library {
  const pages = new Map(
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /^[A-Za-z0-9][A-Za-z0-9-]*\.md$/.test(entry.name))
      .map(({ name: file }) => {
        const name = file.slice(0, -'.md'.length);
        return [name, { name, text: readFileSync(join(folder, file), 'utf8') }] as const;
      }),
  );
  return {
    folder,
    names: [...pages.keys()].filter((name) => name !== INDEX).toSorted(),
    page: (name) => (name === INDEX ? undefined : pages.get(name)),
    index: pages.get(INDEX),
  };
}
