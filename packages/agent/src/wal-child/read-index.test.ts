import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { WalCarry } from '@barback/shared/operations/wal-index.ts';
import { segmentName } from '@barback/shared/postgres/segment.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commitText } from '../postgres/testing/waldump-text.ts';
import { readIndex } from './read-index.ts';
import type { WalAnswer, WalFile } from './wal-request.ts';

const segmentBytes = 1024 * 1024;
const name = (number: number) => segmentName({ timeline: 1, number: BigInt(number) }, segmentBytes);
const at = (number: number, offset = 0x28) => number * segmentBytes + offset;
const lsn = (position: number) => `0/${position.toString(16).toUpperCase()}`;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'barback-index-test-'));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

/** A file with the first page header of its segment; what is in it is told by `waldump`. */
async function put(number: number, { system = 7n, mayEnd = false, position = at(number, 0) } = {}): Promise<WalFile> {
  const content = Buffer.alloc(segmentBytes);
  content.writeUInt16LE(0xd110, 0);
  content.writeUInt16LE(0x0002, 2);
  content.writeBigUInt64LE(BigInt(position), 8);
  content.writeBigUInt64LE(system, 24);
  content.writeUInt32LE(segmentBytes, 32);
  const file = path.join(directory, name(number));
  await writeFile(file, content);
  return { segment: name(number), file, mayEnd };
}

/** In place of the program: it prints the commits that lie in the range it is asked for, and then ends as it is told. */
async function waldump(commits: readonly number[], { exitCode = 0, stderr = '' } = {}): Promise<void> {
  const text = commits.map((position, index) => `${commitText(700 + index, position)}\n`).join('');
  await writeFile(path.join(directory, 'output'), text);
  await writeFile(path.join(directory, 'errors'), stderr);
  const program = `#!${process.execPath}
    const { readFileSync } = require('node:fs');
    const asked = (name) => positionOf(process.argv.find((one) => one.startsWith('--' + name + '=')).split('=')[1]);
    const positionOf = (lsn) => Number('0x' + lsn.split('/')[0]) * 2 ** 32 + Number('0x' + lsn.split('/')[1]);
    for (const line of readFileSync('${directory}/output', 'utf8').split('\\n')) {
      const lsn = /lsn: ([0-9A-F]+\\/[0-9A-F]+)/.exec(line)?.[1];
      if (lsn && positionOf(lsn) >= asked('start') && positionOf(lsn) < asked('end')) process.stdout.write(line + '\\n');
    }
    process.stderr.write(readFileSync('${directory}/errors', 'utf8'));
    process.exitCode = ${exitCode};`;
  await writeFile(path.join(directory, 'pg_waldump'), program);
  await chmod(path.join(directory, 'pg_waldump'), 0o755);
}

async function read(files: readonly WalFile[], more: { carry?: WalCarry; first?: number } = {}) {
  const { carry = null, first } = more;
  const answer = await readIndex(
    {
      what: 'index',
      drop: null,
      binDirectory: directory,
      timeline: 1,
      segmentBytes,
      files: [...files],
      first: first === undefined ? (files[0]?.segment ?? '') : name(first),
      carry,
      catalogues: [],
      budgetMs: 60_000,
    },
    new AbortController().signal,
  );
  return answer;
}

function told(answer: WalAnswer) {
  if (answer.is !== 'index') return answer;
  const { segments, end, fault, openAt, carry, systemIdentifier } = answer.result;
  return {
    commits: segments.map((one) => [one.segment, one.commits]),
    end,
    fault: fault && [fault.segment, fault.cause],
    openAt,
    carry: carry?.lsn ?? null,
    systemIdentifier,
  };
}

describe('segments that are read into the index', () => {
  test('say each what it holds, also one in which nothing begins', async () => {
    await waldump([at(4), at(4, 0x60), at(6)]);
    const files = [await put(4), await put(5), await put(6)];
    expect(told(await read(files))).toEqual({
      commits: [
        [name(4), 2],
        [name(5), 0],
        [name(6), 1],
      ],
      end: 'complete',
      fault: null,
      openAt: null,
      carry: lsn(at(6)),
      systemIdentifier: '7',
    });
  });

  test('are read a few at a time without counting anything twice', async () => {
    const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
    await waldump(numbers.flatMap((number) => (number % 10 < 3 ? [] : [at(number), at(number, 0x60)])));
    const files: WalFile[] = [];
    for (const number of numbers) files.push(await put(number));
    const answer = told(await read(files));
    expect(answer).toMatchObject({ end: 'complete', carry: lsn(at(19, 0x60)) });
    expect(answer).toMatchObject({ commits: numbers.map((number) => [name(number), number % 10 < 3 ? 0 : 2]) });
  });

  test('go on from a carry, which lies in a file that is not told again', async () => {
    await waldump([at(4), at(5)]);
    const files = [await put(4), await put(5)];
    const carry = { lsn: lsn(at(4)), open: [], unseenUpTo: null };
    expect(told(await read(files, { carry, first: 5 }))).toMatchObject({ commits: [[name(5), 1]], carry: lsn(at(5)) });
  });

  test('end open where WAL ends in the last one for now', async () => {
    const stderr = `pg_waldump: error: error in WAL record at ${lsn(at(5))}: invalid record length at ${lsn(at(5, 0x60))}: wanted 24, got 0`;
    await waldump([at(4), at(5)], { exitCode: 1, stderr });
    const files = [await put(4), await put(5, { mayEnd: true })];
    expect(told(await read(files))).toMatchObject({ end: 'open', openAt: lsn(at(5, 0x60)), fault: null });
  });

  test('end with a fault where one stops that should be whole', async () => {
    const stderr = `pg_waldump: error: error in WAL record at ${lsn(at(4))}: incorrect resource manager data checksum in record at ${lsn(at(5))}`;
    await waldump([at(4)], { exitCode: 1, stderr });
    const files = [await put(4), await put(5), await put(6)];
    expect(told(await read(files))).toMatchObject({ end: 'fault', fault: [name(5), 'damaged'], carry: lsn(at(4)) });
  });

  test('end with a fault before the first that holds something else, and keep what was read', async () => {
    await waldump([at(4), at(5)]);
    const files = [await put(4), await put(5), await put(6, { position: at(3, 0) })];
    expect(told(await read(files))).toMatchObject({
      commits: [
        [name(4), 1],
        [name(5), 1],
      ],
      end: 'fault',
      fault: [name(6), 'damaged'],
    });
  });

  test('of another cluster are never mixed with those before', async () => {
    await waldump([at(4), at(5)]);
    const files = [await put(4), await put(5, { system: 8n })];
    expect(told(await read(files))).toMatchObject({
      commits: [[name(4), 1]],
      end: 'fault',
      fault: [name(5), 'foreign'],
      systemIdentifier: '7',
    });
  });

  test('that vanish while they are read are listed again', async () => {
    await waldump([], { exitCode: 1, stderr: 'pg_waldump: error: could not find file "X": No such file or directory' });
    expect(await read([await put(4)])).toEqual({ is: 'moved', segment: name(4) });
  });

  test('of a program that fails for another reason are no end of WAL', async () => {
    await waldump([at(4)], { exitCode: 1, stderr: 'pg_waldump: error: unrecognized argument' });
    await expect(read([await put(4, { mayEnd: true })])).rejects.toThrow('pg_waldump ended by exit code 1');
  });
});
