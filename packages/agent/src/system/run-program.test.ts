import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive, markedProcesses, processIdentity } from './process-table.ts';
import type { Program } from './program.ts';
import { minimalEnvironment, runProgram, startProgram, streamProgram } from './run-program.ts';

const node = process.execPath;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'barback-run-'));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

function script(source: string, more: Partial<Program> = {}): Program {
  return { argv: [node, '-e', source], user: null, timeoutMs: 20_000, ...more };
}

async function eventually<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`not within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('a program', () => {
  test('sees the fixed environment and nothing of ours', async () => {
    process.env['CANARY_SECRET'] = 'must-not-be-inherited';
    const outcome = await runProgram(
      script('process.stdout.write(JSON.stringify(process.env))', { environment: { EXTRA: '1' } }),
    );
    delete process.env['CANARY_SECRET'];
    const seen = JSON.parse(outcome.stdout) as Record<string, string>;
    expect(seen).toEqual(minimalEnvironment(seen['HOME'] ?? '', undefined, { EXTRA: '1' }));
    expect(Object.keys(seen).toSorted()).toEqual(['EXTRA', 'HOME', 'LANG', 'LC_ALL', 'PATH', 'PGAPPNAME', 'TZ']);
  });

  test('gets its text on standard input, and the end of file when there is none', async () => {
    const echo = 'process.stdin.pipe(process.stdout)';
    expect((await runProgram(script(echo, { stdin: 'select 1' }))).stdout).toBe('select 1');
    expect((await runProgram(script(echo))).stdout).toBe('');
  });

  test('keeps the end of what it prints, up to the bound', async () => {
    const outcome = await runProgram(
      script("process.stdout.write('x'.repeat(300000)); process.stdout.write('the end')", { outputBytesMax: 1000 }),
    );
    expect(outcome.stdout).toBe(`${'x'.repeat(993)}the end`);
    expect(outcome).toMatchObject({ truncated: true, exitCode: 0 });
  });

  test('reports its exit code and both streams', async () => {
    const outcome = await runProgram(script("console.log('out'); console.error('err'); process.exit(3)"));
    expect(outcome).toMatchObject({ exitCode: 3, signal: null, stdout: 'out\n', stderr: 'err\n', truncated: false });
  });

  test('writes to a new private file when asked, and never to an existing one', async () => {
    const stdoutFile = path.join(directory, 'out');
    await runProgram(script("process.stdout.write('data')", { stdoutFile }));
    expect(await readFile(stdoutFile, 'utf8')).toBe('data');
    expect((await stat(stdoutFile)).mode & 0o777).toBe(0o600);
    await expect(runProgram(script('0', { stdoutFile }))).rejects.toThrow('EEXIST');
  });

  test('that does not exist is a problem that names it', async () => {
    await expect(runProgram({ argv: ['/nonexistent/barman'], user: null, timeoutMs: 1000 })).rejects.toThrow(
      'cannot start /nonexistent/barman: ENOENT',
    );
  });

  test('that leaves a child behind with the pipe open still ends', async () => {
    const outcome = await runProgram(
      script(
        "require('child_process').spawn('/bin/sleep',['3'],{detached:true,stdio:'inherit'}).unref();console.log('left')",
      ),
    );
    expect(outcome).toMatchObject({ exitCode: 0, stdout: 'left\n' });
    expect(outcome.durationMs).toBeLessThan(2900);
  });
});

describe('ending a program', () => {
  const stubborn = `
    process.on('SIGTERM', () => {});
    const child = require('child_process').spawn(process.execPath, ['-e', "process.on('SIGTERM',()=>{});setInterval(()=>{},1e3);require('fs').writeFileSync(process.argv[1], String(process.pid))", process.argv[1]]);
    setInterval(() => {}, 1000);`;

  test('by its time limit kills the whole group, even when it ignores TERM', async () => {
    const file = path.join(directory, 'pid');
    const running = runProgram(
      { ...script(stubborn), argv: [node, '-e', stubborn, file], timeoutMs: 1500 },
      undefined,
      200,
    );
    const grandchild = await eventually('the grandchild runs', async () =>
      processIdentity(Number(await readFile(file, 'utf8').catch(() => '0'))),
    );
    expect(await running).toMatchObject({ timedOut: true, cancelled: false, exitCode: null, signal: 'SIGKILL' });
    expect(await isAlive(grandchild)).toBe(false);
  });

  test('by the signal lets it end by TERM', async () => {
    const stop = new AbortController();
    const file = path.join(directory, 'ready');
    const source = `process.on('SIGTERM',()=>{console.log('bye');process.exit(0)});setInterval(()=>{},1e3);require('fs').writeFileSync(process.argv[1],'')`;
    const running = runProgram({ ...script(source), argv: [node, '-e', source, file] }, stop.signal);
    await eventually('it is ready', async () => (await stat(file).catch(() => undefined)) && true);
    stop.abort();
    expect(await running).toMatchObject({ cancelled: true, timedOut: false, exitCode: 0, stdout: 'bye\n' });
  });

  test('that was stopped by SIGSTOP works as well', async () => {
    const stop = new AbortController();
    const source = "setInterval(()=>{},1e3);process.kill(process.pid,'SIGSTOP')";
    const running = runProgram(script(source, { environment: { MARK: directory } }), stop.signal);
    await eventually('it is stopped', async () => {
      const [pid] = await markedProcesses('MARK', directory);
      const state = pid && (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.[0];
      return state === 'T' || undefined;
    });
    stop.abort();
    expect(await running).toMatchObject({ cancelled: true, signal: 'SIGTERM' });
  });

  test('before it began starts nothing', async () => {
    const file = path.join(directory, 'never');
    expect(await runProgram(script('0', { stdoutFile: file }), AbortSignal.abort())).toMatchObject({ cancelled: true });
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });
});

test('a server is started in its own session with its output in a file and no mark of a job', async () => {
  const log = path.join(directory, 'log');
  const source = 'console.log(process.env.BARBACK_PLAN, process.env.BARBACK_JOB);setInterval(()=>{},1e3)';
  const { pid } = await startProgram(script(source, { environment: { BARBACK_PLAN: 'p1' } }), log);
  await eventually('it has printed', async () => (await readFile(log, 'utf8')) === 'p1 undefined\n' || undefined);
  process.kill(-pid, 'SIGKILL');
});

test('what a streamed program leaves behind does not hold its end up, and everything that it said is read', async () => {
  let said = '';
  const left = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)'], { stdio: 'inherit' });
    process.stdout.write('x'.repeat(300_000), () => process.exit(7));`;
  const outcome = await streamProgram(
    script(left),
    (chunk) => {
      said += chunk.toString();
      return true;
    },
    new AbortController().signal,
  );
  expect([outcome.exitCode, said.length]).toEqual([7, 300_000]);
});
