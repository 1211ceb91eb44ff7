import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generatedDocuments } from '../../scripts/docs/documents.ts';

test.each(Object.entries(generatedDocuments()))(
  '%s is what its source says now; otherwise run scripts/generate-docs.ts',
  (path, text) => {
    expect(readFileSync(path, 'utf8')).toBe(text);
  },
);
