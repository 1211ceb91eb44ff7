import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseConfig } from '@barback/agent/config.ts';
import { parseApiConfig } from '@barback/api/config.ts';
import { expect, test } from 'vitest';

const text = readFileSync(path.join(import.meta.dirname, '../../docs/install.md'), 'utf8');
const [api = '', agent = ''] = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');

test('the configurations of the installation page are accepted as they stand', () => {
  expect(parseApiConfig(api, 'api.yaml').listen.port).toBe(7400);
  expect(Object.keys(parseConfig(agent, 'agent.yaml').servers)).toEqual(['main']);
});

test('a misspelled line in them would be refused by name', () => {
  expect(() => parseConfig(agent.replace('keepHours', 'keepHour'), 'agent.yaml')).toThrow('keepHour');
  expect(() => parseApiConfig(api.replace('planHours', 'planHour'), 'api.yaml')).toThrow('planHour');
});
