import { expect, test } from 'vitest';
import { withAddress } from './environment-edit.ts';

const name = 'SPRING_DATASOURCE_URL';
const address = { host: '10.0.0.9' };

test.each([
  [
    'A=1\nSPRING_DATASOURCE_URL=jdbc:postgresql://10.0.0.5:5432/app?ssl=true\nB=2\n',
    'jdbc:postgresql://10.0.0.9:5432/app?ssl=true',
  ],
  [
    '# db\nexport SPRING_DATASOURCE_URL="jdbc:postgresql://10.0.0.5/app" # old\r\nX=1',
    'jdbc:postgresql://10.0.0.9/app',
  ],
  ["SPRING_DATASOURCE_URL = 'postgres://u:p%40w@db.old.example:6432/app'\n", 'postgres://u:p%40w@10.0.0.9:6432/app'],
  ['SPRING_DATASOURCE_URL: postgresql://[fd00::1]:5432/app\n', 'postgresql://10.0.0.9:5432/app'],
  ['SPRING_DATASOURCE_URL=db.old.example\n', '10.0.0.9'],
])('the address changes and every other byte stays: %s', (text, value) => {
  const edit = withAddress(text, name, address);
  if (edit.is !== 'changed') throw new Error(JSON.stringify(edit));
  expect(edit.text).toContain(value);
  const old = /10\.0\.0\.5|db\.old\.example|\[fd00::1\]/;
  expect(edit.text.replace('10.0.0.9', '')).toBe(text.replace(old, ''));
  expect(withAddress(edit.text, name, address)).toEqual({ is: 'same' });
});

test('a port that is given takes the place of the former one', () => {
  const edit = withAddress(`${name}=postgresql://10.0.0.5:5432/app`, name, { host: 'db', port: 6543 });
  expect(edit).toEqual({ is: 'changed', text: `${name}=postgresql://db:6543/app` });
});

test.each([
  ['', 'not in it'],
  ['OTHER_SPRING_DATASOURCE_URL=postgresql://a/b', 'not in it'],
  [`${name}=postgresql://a/b\n${name}=postgresql://c/d\n`, '2 times'],
  [`${name}=\${{project.DATABASE_URL}}\n`, 'template'],
  [`${name}=postgresql://a,b/app\n`, 'several hosts'],
  [`${name}=mysql://a/b\n`, 'neither'],
  [`${name}=\n`, 'neither'],
  // The line lies within the value of another variable.
  [`NOTE="first\n${name}=postgresql://a/b\n"\n`, 'cannot be read'],
])('what is not clear is refused: %j', (text, reason) => {
  const edit = withAddress(text, name, address);
  expect([edit.is, 'reason' in edit ? edit.reason : '']).toEqual(['refused', expect.stringContaining(reason)]);
});

test('no value is told with a refusal', () => {
  const text = `${name}=oracle://user:canary@10.0.0.5/x\n`;
  expect(JSON.stringify(withAddress(text, name, address))).not.toMatch(/canary|10\.0\.0\.5/);
});
