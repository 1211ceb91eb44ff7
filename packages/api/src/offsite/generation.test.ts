import { describe, expect, test } from 'vitest';
import { generationFiles, generationsIn, mayPush, namesToRemove, parseGeneration } from './generation.ts';
import { algorithmsOf, keysOfKnownHosts } from './known-hosts.ts';

const namesOf = (...seqs: number[]): string[] => seqs.flatMap((seq) => Object.values(generationFiles(seq)));

describe('a copy of the database', () => {
  const leaves = ['a', 'b', 'c', 'd'];
  const leafAt = (seq: number): string | undefined => leaves[seq];
  const ours = { seq: 3, leaf: 'd' };

  test('is sent when something has happened since, and not otherwise', () => {
    expect(mayPush(undefined, ours, leafAt)).toEqual({ is: 'new' });
    expect(mayPush({ seq: 1, leaf: 'b' }, ours, leafAt)).toEqual({ is: 'new' });
    expect(mayPush(ours, ours, leafAt)).toEqual({ is: 'same' });
  });

  test('never takes the place of one that knows more, or something else', () => {
    expect(JSON.stringify(mayPush({ seq: 7, leaf: 'x' }, ours, leafAt))).toMatch(/refused.*4 more events/);
    expect(JSON.stringify(mayPush({ seq: 2, leaf: 'other' }, ours, leafAt))).toMatch(/refused.*event 2/);
    expect(mayPush({ seq: 3, leaf: 'other' }, ours, leafAt)).toMatchObject({ is: 'refused' });
  });

  test('is complete when its last file is there; three are kept, and nothing else of the directory is touched', () => {
    const cutOff = [generationFiles(9).copy, `${generationFiles(10).copy}.part`];
    const names = [...namesOf(1, 5, 3, 8), ...cutOff, 'notes.txt', 'api-old'];
    expect(generationsIn(names)).toEqual([8, 5, 3, 1]);
    expect(namesToRemove(names).toSorted()).toEqual([...namesOf(1), ...cutOff].toSorted());
  });

  test('of a later format is not guessed at', () => {
    const known = {
      format: 1,
      log: 'l',
      seq: 1,
      leaf: 'a',
      at: 'x',
      instanceId: 'i',
      bytes: 1,
      sha256: 's',
      sealed: false,
      leftOut: [],
    };
    expect(parseGeneration(JSON.stringify(known))).toEqual(known);
    expect(parseGeneration(JSON.stringify({ ...known, format: 2 }))).toBeUndefined();
    expect(parseGeneration('')).toBeUndefined();
  });
});

test('host keys are read whatever name they stand beside; revoked ones and authorities are none', () => {
  const text =
    '# box\n[u1.example.org]:23,1.2.3.4 ssh-ed25519 QUJD comment\n|1|x=|y= ssh-rsa REVG\n@revoked * ssh-ed25519 R0hJ\n\nbroken\n';
  const keys = keysOfKnownHosts(text);
  expect(keys.map(({ type, key }) => [type, key.toString()])).toEqual([
    ['ssh-ed25519', 'ABC'],
    ['ssh-rsa', 'DEF'],
  ]);
  expect(algorithmsOf(keys.map(({ type }) => type))).toEqual(['ssh-ed25519', 'rsa-sha2-512', 'rsa-sha2-256']);
});
