import { readFileSync, globSync } from 'node:fs';
import { eventTypes } from '@barback/shared/audit/event.ts';
import { expect, test } from 'vitest';

test('every event type of the closed list is produced somewhere in the api', () => {
  const source = globSync('packages/api/src/**/*.ts')
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  expect(eventTypes.filter((type) => !source.includes(`'${type}'`) && !source.includes(`\`${type}\``))).toEqual([]);
});
