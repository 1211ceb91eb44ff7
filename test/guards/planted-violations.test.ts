import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { runNodeTool } from '../../scripts/checks/run-tool.ts';
import { tools } from '../../scripts/checks/tools.ts';
import { checkText } from '../../scripts/structure/check-text.ts';
import { repositoryRoot } from '../../scripts/structure/repository.ts';
import { cycleEnd, importViolations, innocentFiles } from './planted/import-violations.ts';
import { lintViolations } from './planted/lint-violations.ts';
import { Overlay } from './planted/overlay.ts';
import { typeViolations } from './planted/type-violations.ts';
import { unusedThings } from './planted/unused-things.ts';
import type { Planted } from './planted/planted.ts';
import { plantedText } from './planted/text-violations.ts';

// Each tool runs once, with the repository's own configuration, over all the files planted for it.

const report = ({ rule, path }: Pick<Planted, 'rule' | 'path'>): string => `${path}: ${rule}`;
const reports = (planted: readonly Planted[]): string[] => planted.map(report);
const innocent = new Set(innocentFiles.map(({ path }) => path));

const Rules = z.object({ rules: z.record(z.string(), z.unknown()) });
const linter = Rules.extend({ overrides: z.array(Rules) }).parse(
  JSON.parse(readFileSync(join(repositoryRoot, '.oxlintrc.json'), 'utf8').replaceAll(/^ *\/\/.*$/gm, '')),
);
const ImportRules = z.object({ default: z.object({ forbidden: z.array(z.object({ name: z.string() })) }) });

test('the linter reports each planted violation by its rule', async () => {
  using overlay = new Overlay([...lintViolations, ...innocentFiles]);
  const { code, output } = await runNodeTool([...tools.lint, '--format=json'], { cwd: overlay.root });
  const { diagnostics } = z
    .object({
      diagnostics: z.array(z.object({ code: z.string().optional(), filename: z.string(), message: z.string() })),
    })
    .parse(JSON.parse(output));
  const found = diagnostics.map(({ code: rule, filename }) => report({ rule: rule ?? 'none', path: filename }));
  expect(found).toEqual(expect.arrayContaining(reports(lintViolations)));
  expect(diagnostics.filter(({ filename }) => innocent.has(filename))).toEqual([]);
  expect(code).toBe(1);
});

test('each rule that the linter configuration names has a planted violation', () => {
  const planted = new Set(lintViolations.map(({ rule }) => rule));
  const named = [linter, ...linter.overrides]
    .flatMap(({ rules }) => Object.entries(rules))
    .filter(([, setting]) => setting !== 'off')
    .map(([name]) => (name.includes('/') ? name.replace('/', '(') : `eslint(${name}`).concat(')'));
  expect(named.filter((rule) => !planted.has(rule))).toEqual([]);
});

test('the import rules report each planted violation by its rule, and nothing innocent', async () => {
  using overlay = new Overlay([...importViolations, cycleEnd, ...innocentFiles]);
  const { code, output } = await runNodeTool(tools.imports, { cwd: overlay.root });
  const found = [...output.matchAll(/^ *error (\S+): (\S+) →/gm)].map(([, rule = '', path = '']) =>
    report({ rule, path }),
  );
  expect(found).toEqual(expect.arrayContaining(reports(importViolations)));
  expect(found.filter((line) => innocent.has(line.split(': ')[0] ?? ''))).toEqual([]);
  expect(code).not.toBe(0);
});

test('each import rule has a planted violation', async () => {
  const planted = new Set(importViolations.map(({ rule }) => rule));
  const { default: rules } = ImportRules.parse(await import(join(repositoryRoot, '.dependency-cruiser.mjs')));
  expect(rules.forbidden.map(({ name }) => name).filter((name) => !planted.has(name))).toEqual([]);
});

test('what nothing uses is reported: files, exports, types and dependencies', async () => {
  using overlay = new Overlay(unusedThings);
  const { code, output } = await runNodeTool([...tools.unused, '--reporter', 'json'], { cwd: overlay.root });
  expect(code).toBe(1);
  const names = z.array(z.object({ name: z.string() }));
  const { issues } = z
    .object({
      issues: z.array(z.object({ file: z.string(), files: names, exports: names, types: names, dependencies: names })),
    })
    .parse(JSON.parse(output));
  const of = (file: string) => issues.find((issue) => issue.file === file);
  expect(of('test/lab/unused-file.ts')?.files).toHaveLength(1);
  expect(of('packages/api/src/planted/unused-file.ts')).toMatchObject({ exports: [{ name: 'n' }] });
  expect(of('packages/api/src/planted/used-file.ts')).toMatchObject({
    exports: [{ name: 'unusedExport' }],
    types: [{ name: 'UnusedType' }],
  });
  expect(of('packages/api/package.json')?.dependencies).toContainEqual({ name: 'hono' });
});

test('the compiler reports each planted violation', async () => {
  using overlay = new Overlay([...typeViolations, ...innocentFiles]);
  const { code, output } = await runNodeTool(tools.types, { cwd: overlay.root });
  const found = [...output.matchAll(/^(\S+)\(\d+,\d+\): error (TS\d+)/gm)].map(([, path = '', rule = '']) =>
    report({ rule, path }),
  );
  expect(found).toEqual(expect.arrayContaining(reports(typeViolations)));
  expect(found.filter((line) => innocent.has(line.split(': ')[0] ?? ''))).toEqual([]);
  expect(code).not.toBe(0);
});

test('the formatter reports what is not formatted, and nothing else', async () => {
  using overlay = new Overlay([...innocentFiles, { path: 'scripts/untidy.ts', text: 'export const n = "a"\n' }]);
  const { code, output } = await runNodeTool(tools.format, { cwd: overlay.root });
  expect([...output.matchAll(/^(\S+\.ts) format /gm)].map(([, path]) => path)).toEqual(['scripts/untidy.ts']);
  expect(code).toBe(1);
});

test('text rules report each planted violation by its rule', () => {
  using overlay = new Overlay([...plantedText, ...innocentFiles]);
  expect(checkText(overlay.root).map(report)).toEqual(expect.arrayContaining(reports(plantedText)));
  expect(checkText(overlay.root).filter(({ path }) => innocent.has(path))).toEqual([]);
});
