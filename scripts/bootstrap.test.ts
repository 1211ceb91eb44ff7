import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

// A checkout with nothing in it but the bootstrap, and an `npx` that notes its arguments and "installs" this very Node.
let checkout: string;

const NPX = `#!/bin/sh
echo "$*" >>"$CHECKOUT/installs"
if [ -n "$NPX_FAILS" ]; then echo ERR_OUT_OF_WORDS; exit 3; fi
mkdir -p "$CHECKOUT/node_modules/node-linux-${process.arch}/bin" "$CHECKOUT/node_modules/.bin"
ln -sf "${process.execPath}" "$CHECKOUT/node_modules/node-linux-${process.arch}/bin/node"
`;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'barback-bootstrap-'));
  for (const folder of ['scripts', 'bin']) mkdirSync(join(checkout, folder));
  cpSync(join(import.meta.dirname, 'bootstrap.mjs'), join(checkout, 'scripts/bootstrap.mjs'));
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) writeFileSync(join(checkout, file), 'first\n');
  writeFileSync(join(checkout, 'bin/npx'), NPX, { mode: 0o755 });
});

afterEach(() => rmSync(checkout, { recursive: true }));

const environment = (more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv => ({
  PATH: `${join(checkout, 'bin')}:/usr/bin:/bin`,
  CHECKOUT: checkout,
  ...more,
});

function bootstrap(argv: readonly string[], more?: Readonly<Record<string, string>>) {
  return spawnSync(process.execPath, [join(checkout, 'scripts/bootstrap.mjs'), ...argv], {
    env: environment(more),
    encoding: 'utf8',
  });
}

function program(text: string): string {
  writeFileSync(join(checkout, 'program.ts'), text);
  return 'program.ts';
}

const installs = (): string[] => readFileSync(join(checkout, 'installs'), 'utf8').trimEnd().split('\n');

test('passes arguments on, and the exit code and output back', () => {
  const file = program(
    'const args: string[] = process.argv.slice(2);\nprocess.stdout.write(args.join("|"));\nprocess.exit(3);\n',
  );
  const { status, stdout } = bootstrap(['run', file, '--full', 'two words']);
  expect({ status, stdout }).toEqual({ status: 3, stdout: '--full|two words' });
});

test('installs what the lock file says once, and again when the lock file changes', () => {
  const file = program('');
  for (let runs = 0; runs < 2; runs += 1) expect(bootstrap(['run', file]).status).toBe(0);
  expect(installs()).toEqual(['--yes pnpm@12.21.0 install --frozen-lockfile']);
  writeFileSync(join(checkout, 'pnpm-lock.yaml'), 'second\n');
  expect(bootstrap(['run', file]).status).toBe(0);
  expect(installs()).toHaveLength(2);
});

test('shows why an installation failed, and tries again the next time', () => {
  const file = program('process.stdout.write("ran");\n');
  const failed = bootstrap(['run', file], { NPX_FAILS: '1', npm_config_loglevel: 'silent' });
  expect(failed).toMatchObject({ status: 1, stdout: '' });
  expect(failed.stderr).toContain('ERR_OUT_OF_WORDS');
  expect(failed.stderr).toContain(
    'cannot install the dependencies with `npx --yes pnpm@12.21.0 install --frozen-lockfile`',
  );
  expect(bootstrap(['run', file]).stdout).toBe('ran');
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  'passes %s on and waits for the program to end by itself',
  async (signal) => {
    const file =
      program(`process.on('${signal}', () => { process.stdout.write('told'); setTimeout(() => process.exit(7), 20); });
setInterval(() => undefined, 1_000);
process.stdout.write('ready ');\n`);
    const child = spawn(process.execPath, [join(checkout, 'scripts/bootstrap.mjs'), 'run', file], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (output === '') child.kill(signal);
      output += text;
    });
    expect(await ended).toBe(7);
    expect(output).toBe('ready told');
  },
);

test('a program killed by a signal is reported as the shell reports it', () => {
  expect(bootstrap(['run', program("process.kill(process.pid, 'SIGKILL');\n")]).status).toBe(137);
});

test('an old Node gets a clear word, before anything is installed', () => {
  const pretend = 'data:text/javascript,Object.defineProperty(process,"versions",{value:{node:"18.20.4"}})';
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', pretend, join(checkout, 'scripts/bootstrap.mjs'), 'run', program('')],
    { env: environment(), encoding: 'utf8' },
  );
  expect(status).toBe(1);
  expect(stderr).toMatch(/^Barback needs Node 20 or newer; this is .*\nOn Debian: /);
  expect(installs).toThrow('ENOENT');
});

test.each([
  [['run', 'nowhere.ts'], 'cannot run nowhere.ts'],
  [['exec', 'nothing'], 'cannot run nothing'],
  [['walk'], 'usage: '],
])('%s is answered with "%s"', (argv, word) => {
  const { status, stderr } = bootstrap(argv);
  expect(status).toBe(1);
  expect(stderr).toContain(word);
});
