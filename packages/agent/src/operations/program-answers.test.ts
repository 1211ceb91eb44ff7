import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ProgramAnswers } from './program-answers.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'barback-answers-'));
});
afterEach(async () => rm(directory, { recursive: true }));

test('a program is asked once, again when its file was replaced, and what failed is not remembered', async () => {
  const program = path.join(directory, 'program');
  await writeFile(program, 'first');
  const answers = new ProgramAnswers<string>();
  const ask = (answer: string) => answers.of(program, [program, '--version'], () => Promise.resolve(answer));
  expect([await ask('1.0'), await ask('2.0')]).toEqual(['1.0', '1.0']);
  await writeFile(program, 'second, and longer');
  const failing = answers.of(program, [program], () => Promise.reject(new Error('it does not start')));
  await expect(failing).rejects.toThrow('it does not start');
  expect([await ask('2.0'), await ask('3.0')]).toEqual(['2.0', '2.0']);
  expect(await answers.of('another', [program], () => Promise.resolve('9.0'))).toBe('9.0');
});
