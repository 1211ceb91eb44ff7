import { expect, test } from 'vitest';
import { besideName } from './beside-name.ts';

const one = '01arz3ndektsv4rrffq69g5fav';
const other = '01brz3ndektsv4rrffq69g5fav';

test('the directory beside another does not get longer with each restore', () => {
  expect(besideName('/srv/ts1', one)).toBe(`/srv/ts1.restore-${one}`);
  expect(besideName(`/srv/ts1.restore-${one}`, other)).toBe(`/srv/ts1.restore-${other}`);
  expect(besideName('/srv/ts1.restore-me', one)).toBe(`/srv/ts1.restore-me.restore-${one}`);
});
