import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { commandLine, ioBytes, isAlive, killMarked, parseStat, processIdentity } from './process-table.ts';

test('a process is identified by number, start time and boot, so a reused number is not mistaken for it', async () => {
  const own = await processIdentity(process.pid);
  if (!own) throw new Error('this process has no identity');
  expect(await isAlive(own)).toBe(true);
  expect(await isAlive({ ...own, startTime: String(Number(own.startTime) - 1) })).toBe(false);
  expect(await isAlive({ ...own, bootId: '00000000-0000-0000-0000-000000000000' })).toBe(false);
});

test('a program name with blanks and parentheses does not shift the fields', () => {
  const fields = ['S', '1', '4711', ...Array.from({ length: 16 }, () => '0'), '98765', '0'];
  expect(parseStat(`42 (a b) S (c) ${fields.join(' ')}`)).toEqual({
    state: 'S',
    parent: 1,
    group: 4711,
    startTime: '98765',
  });
  expect(parseStat('')).toBeUndefined();
});

test('what a job started is found by its mark and ended, even outside its group; others live on', async () => {
  const marked = `test-${process.pid}-${Date.now()}`;
  const idle = ['-e', "process.on('SIGTERM',()=>{});process.stdout.write('ready');setInterval(()=>{},1e3)"];
  const launch = async (mark: string) => {
    const child = spawn(process.execPath, idle, {
      detached: true,
      env: { BARBACK_JOB: mark },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    return child;
  };
  const [one, two, other] = await Promise.all([launch(marked), launch(marked), launch(`${marked}-other`)]);
  const identity = await processIdentity(other.pid ?? 0);
  expect(await killMarked(marked, 100)).toBe(2);
  expect([one.pid, two.pid].map((pid) => pid !== undefined && isRunning(pid))).toEqual([false, false]);
  expect(identity && (await isAlive(identity))).toBe(true);
  expect(await commandLine(other.pid ?? 0)).toEqual([process.execPath, ...idle]);
  expect((await ioBytes([other.pid ?? 0])).written).toBeGreaterThan(0);
  other.kill('SIGKILL');
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
