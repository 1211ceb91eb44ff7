import { expect, test } from 'vitest';
import { documentReferences } from './document-references.ts';

test('finds paths in prose, in code and in fenced blocks, with placeholders as patterns', () => {
  const { paths } = documentReferences(`
The agent is in packages/agent, its jobs in \`packages/agent/src/jobs/\`; see SECURITY.md.
\`\`\`
scripts/test.ts   everything
\`\`\`
A contract is \`packages/shared/src/operations/<name>.ts\`, run by \`.ci/run\`.`);
  expect(paths).toEqual([
    'packages/agent',
    'packages/agent/src/jobs/',
    'scripts/test.ts',
    'packages/shared/src/operations/*.ts',
    '.ci/run',
    'SECURITY.md',
  ]);
});

test('takes neither URLs nor other paths for paths of the repository', () => {
  expect(documentReferences('https://x.org/docs/a.md, /v1/test/x, contests/one, @barback/packages/x').paths).toEqual(
    [],
  );
});

test('finds relative links without their anchors, and leaves out those to the web', () => {
  const text = '[a](docs/adr/0001-x.md#why) [b](https://example.org/x) [c](#here) ![d](../logo.svg) [e](mailto:a@b.c)';
  expect(documentReferences(text).links).toEqual(['docs/adr/0001-x.md', '../logo.svg']);
});

test('finds the scripts that are named', () => {
  expect(documentReferences('`npm test`, `npm run quickstart`, npm run lab -- up, npm install').scripts).toEqual([
    'test',
    'quickstart',
    'lab',
  ]);
});
