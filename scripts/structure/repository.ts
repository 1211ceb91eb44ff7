import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The absolute path of this repository. */
export const repositoryRoot: string = join(import.meta.dirname, '..', '..');

const NOT_OURS = new Set(['.git', '.lab', 'coverage', 'dist', 'node_modules']);

/** Every file below `root` that is ours, as paths relative to it; walks instead of asking git, which may be absent. */
export function repositoryFiles(root: string = repositoryRoot): string[] {
  const files: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (NOT_OURS.has(entry.name) || entry.name.endsWith('.log')) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile()) files.push(relative(root, path));
    }
  };
  visit(root);
  return files.toSorted();
}
