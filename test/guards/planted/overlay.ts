import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '../../../scripts/structure/repository.ts';
import type { Planted } from './planted.ts';

const CONFIGURATION = [
  '.dependency-cruiser.mjs',
  '.gitignore',
  '.oxlintrc.json',
  'biome.json',
  'knip.json',
  'package.json',
  'pnpm-workspace.yaml',
  'tsconfig.base.json',
  'tsconfig.json',
];
const PACKAGES = ['agent', 'api', 'shared'];

/** A private copy of the repository's configuration, with these files as its only source. */
export class Overlay implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'barback-planted-'));

  constructor(files: readonly Omit<Planted, 'rule'>[]) {
    for (const file of CONFIGURATION) cpSync(join(repositoryRoot, file), join(this.root, file));
    this.#linkModules('.');
    for (const name of PACKAGES) {
      const folder = join('packages', name);
      mkdirSync(join(this.root, folder), { recursive: true });
      cpSync(join(repositoryRoot, folder, 'package.json'), join(this.root, folder, 'package.json'));
      this.#linkModules(folder);
    }
    for (const { path, text } of files) {
      mkdirSync(join(this.root, dirname(path)), { recursive: true });
      writeFileSync(join(this.root, path), text, { flag: 'wx' });
    }
  }

  /** Third-party modules are the repository's; the workspace's own packages are this overlay's. */
  #linkModules(folder: string): void {
    const from = join(repositoryRoot, folder, 'node_modules');
    const to = join(this.root, folder, 'node_modules');
    mkdirSync(join(to, '@barback'), { recursive: true });
    if (!existsSync(from)) return;
    for (const name of readdirSync(from)) if (name !== '@barback') symlinkSync(join(from, name), join(to, name));
    for (const name of PACKAGES) symlinkSync(join(this.root, 'packages', name), join(to, '@barback', name));
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
