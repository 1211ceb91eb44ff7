import { expect, test } from 'vitest';
import { withDataDirectory } from './data-directory-setting.ts';

const from = '/var/lib/postgresql/15/main';
const to = `${from}/data`;

test.each([
  [
    `data_directory = '${from}'\t\t# use data in another directory`,
    `data_directory = '${to}'\t\t# use data in another directory`,
  ],
  [`  Data_Directory='${from}/'`, `  Data_Directory='${to}'`],
  [`data_directory '${from}'`, `data_directory '${to}'`],
])('the setting gets its new value and nothing else changes: %s', (line, expected) => {
  expect(withDataDirectory(`a = 1\n${line}\nb = 2\n`, from, to)).toBe(`a = 1\n${expected}\nb = 2\n`);
});

test.each([`#data_directory = '${from}'`, "data_directory = '/elsewhere'", `data_directory_mode = '${from}'`, ''])(
  'another setting, or a comment, is none: %s',
  (text) => {
    expect(withDataDirectory(text, from, to)).toBeNull();
  },
);
