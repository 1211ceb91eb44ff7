import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const source = fileURLToPath(new URL('..', import.meta.url));

test('what faces the network loads no schema, no parser, no key code and no operation', () => {
  const script = `
    import { registerHooks } from 'node:module';
    const seen = [];
    registerHooks({ resolve(specifier, context, next) { const found = next(specifier, context); seen.push(found.url); return found; } });
    await import(${JSON.stringify(path.join(source, 'gateway', 'gateway.ts'))});
    await import(${JSON.stringify(path.join(source, 'system', 'run-self.ts'))});
    process.stdout.write(JSON.stringify(seen));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  const loaded = (JSON.parse(stdout) as string[]).filter((url) => !url.startsWith('node:'));
  expect(loaded.map((url) => path.relative(source, fileURLToPath(url))).toSorted()).toEqual([
    'gateway/gateway.ts',
    'system/files.ts',
    'system/run-self.ts',
  ]);
});
