import { globSync } from 'node:fs';

/** Test files by their ending, in a fixed order; `paths` are parts of paths, one of which must occur. */
export function testFiles(
  patterns: readonly string[],
  paths: readonly string[],
  root: string,
): string[] {
  return globSync([...patterns], { cwd: root, exclude: (path) => path.includes('node_modules') })
    .filter((file) => paths.length === 0 || paths.some((part) => file.includes(part)))
    .toSorted();
}
