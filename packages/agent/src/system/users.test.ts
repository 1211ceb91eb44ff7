import { expect, test } from 'vitest';
import { lookUpUser, parseGroup, parsePasswd } from './users.ts';

const passwd =
  'root:x:0:0:root:/root:/bin/bash\nbarman:x:106:111:Backup, and Recovery:/var/lib/barman:/bin/bash\nbroken:x::\n';

test('a user is found by name with its group and home', () => {
  expect(parsePasswd(passwd, (one) => one.name === 'barman')).toEqual({
    name: 'barman',
    uid: 106,
    gid: 111,
    home: '/var/lib/barman',
  });
  expect(parsePasswd(passwd, (one) => one.name === 'broken')).toBeUndefined();
  expect(parseGroup('postgres:x:110:\nbarback:x:120:a,b\n', 'barback')).toBe(120);
});

test('an unknown user is a problem that says what to do', async () => {
  await expect(lookUpUser('no-such-user-here')).rejects.toThrow('cannot find the user no-such-user-here');
});
