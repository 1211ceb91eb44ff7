import { expect, test } from 'vitest';
import { receiverDirectory } from './receiver-process.ts';

test('a pg_receivewal is known by the directory that it writes to, however that is given', () => {
  const program = '/usr/lib/postgresql/15/bin/pg_receivewal';
  const barmans = [
    program,
    '--dbname=host=/run',
    '--verbose',
    '--no-loop',
    '--directory=/b/main/streaming',
    '--slot=barman',
  ];
  expect(receiverDirectory(barmans)).toBe('/b/main/streaming');
  expect(receiverDirectory([program, '-D', '/b/main/streaming', '-v'])).toBe('/b/main/streaming');
  expect(receiverDirectory([program, '--directory', '/b'])).toBe('/b');
  expect(receiverDirectory(['pg_receivewal', '-D/b'])).toBe('/b');
});

test('no other program is taken for one', () => {
  expect(receiverDirectory(['/usr/bin/python3', '/usr/bin/barman', 'receive-wal', 'main'])).toBeUndefined();
  expect(receiverDirectory(['/usr/bin/less', '--directory=/b/main/streaming'])).toBeUndefined();
  expect(receiverDirectory([])).toBeUndefined();
});
