import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseConfig } from '@barback/agent/config.ts';
import { parseApiConfig } from '@barback/api/config.ts';
import { messageTypes } from '@barback/api/notify/channel-config.ts';
import { serverFindingCodes } from '@barback/api/readiness/server-finding.ts';
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

const watching = readFileSync(path.join(import.meta.dirname, '../../docs/watching.md'), 'utf8');

test('the channels of the page about notifications are accepted as they stand', () => {
  const [example = ''] = [...watching.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
  const kinds = parseApiConfig(example, 'api.yaml').notify.map(({ kind }) => kind);
  expect(kinds).toEqual(['webhook', 'slack', 'ntfy', 'healthchecks']);
});

test('every code of a finding, type of a message and metric is on that page', () => {
  const source = globSync('packages/api/src/metrics/*.ts')
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const metrics = [...source.matchAll(/'(barback_\w+)'/g)].map((match) => match[1] ?? '');
  const told = messageTypes.filter((type) => type !== 'test');
  expect([...serverFindingCodes, ...told, ...metrics].filter((name) => !watching.includes(`\`${name}`))).toEqual([]);
  expect(metrics.length).toBeGreaterThan(15);
});
