import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { documentReferences } from '../../scripts/structure/document-references.ts';
import { repositoryFiles, repositoryRoot } from '../../scripts/structure/repository.ts';

const documents = repositoryFiles().filter((path) => path.endsWith('.md'));
const read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');
const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')));

test.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'])(
  'there is a %s',
  (name) => {
    expect(documents).toContain(name);
  },
);

test('ARCHITECTURE.md names where things are', () => {
  expect(documentReferences(read('ARCHITECTURE.md')).paths.length).toBeGreaterThan(10);
});

describe.each(documents)('%s', (document) => {
  const { paths, links, scripts: named } = documentReferences(read(document));

  test('names only paths that exist', () => {
    expect(paths.filter((path) => globSync(path, { cwd: repositoryRoot }).length === 0)).toEqual([]);
  });

  test('links only to files that exist', () => {
    expect(links.filter((link) => !existsSync(join(repositoryRoot, dirname(document), link)))).toEqual([]);
  });

  test('names only npm scripts that exist', () => {
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});

test('each npm script runs a file that exists', () => {
  const files = Object.values(scripts).flatMap((script) =>
    [...script.matchAll(/\S+\.(?:ts|mjs)\b/g)].map(([file]) => file),
  );
  expect(files.filter((file) => !existsSync(join(repositoryRoot, file)))).toEqual([]);
});
