import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedDocuments } from './docs/documents.ts';
import { repositoryRoot } from './structure/repository.ts';

for (const [path, text] of Object.entries(generatedDocuments())) {
  writeFileSync(join(repositoryRoot, path), text);
  process.stdout.write(`wrote ${path}\n`);
}
