import { describe, expect, test } from 'vitest';
import { parseAutoConf } from './auto-conf.ts';
import { adoptedSettings } from './adopted-settings.ts';

const gigabyte = 1024 ** 3;

interface Given {
  lost?: string;
  lostMore?: Record<string, string>;
  here?: string;
  hereMore?: Record<string, string>;
  memoryBytes?: number;
}

function adopted({ lost = '', lostMore = {}, here = '', hereMore = {}, memoryBytes = 16 * gigabyte }: Given) {
  const files = (conf: string, more: Record<string, string>) =>
    new Map(Object.entries({ 'postgresql.conf': conf, ...more }));
  return adoptedSettings({ lost: files(lost, lostMore), here: files(here, hereMore), memoryBytes });
}

/** As PostgreSQL reads it: the last line of a setting counts. */
const settings = (text = ''): Record<string, string> =>
  Object.fromEntries(parseAutoConf(text).map(({ name, value }) => [name, value]));

describe('the configuration of the lost host on this one', () => {
  test('has its settings, with the places, names and the way to Barman of this host', () => {
    const lost =
      "port = 5433\ndata_directory = '/srv/old'\nwork_mem = 64MB # much\narchive_command = 'ssh old'\nssl_cert_file = '/old.pem'\n";
    const here = "port = 5432\ndata_directory = '/srv/new'\nwork_mem = 4MB\narchive_command = 'true'\n";
    const text = adopted({ lost, here }).get('postgresql.conf');
    expect(settings(text)).toEqual({
      port: '5432',
      data_directory: '/srv/new',
      work_mem: '64MB',
      archive_command: 'true',
    });
    expect(text).toContain("#lost data_directory = '/srv/old'");
  });

  test.each([
    ['ssl = on', 'ssl = off'],
    ["ssl_passphrase_command = 'touch /x'", ''],
    ["archive_library = 'x'", ''],
    ["recovery_end_command = 'touch /x'", ''],
  ])('has nothing that its certificates or commands decide: of %s stays what is here, %j', (lost, here) => {
    expect(settings(adopted({ lost: `${lost}\n`, here: `${here}\n` }).get('postgresql.conf'))).toEqual(settings(here));
  });

  test('has what files of conf.d say, of which those of this host count only for what is of this host', () => {
    const files = adopted({
      lost: "include_dir = 'conf.d'\n",
      lostMore: { 'conf.d/tuning.conf': "work_mem = '1GB'\nunix_socket_directories = '/old'\n" },
      hereMore: { 'conf.d/here.conf': "unix_socket_directories = '/run/pg'\nwork_mem = 1MB\n" },
    });
    expect([...files.keys()]).toEqual(['postgresql.conf', 'conf.d/tuning.conf']);
    expect(settings(files.get('conf.d/tuning.conf'))).toEqual({ work_mem: '1GB' });
    expect(settings(files.get('postgresql.conf'))).toEqual({
      include_dir: 'conf.d',
      unix_socket_directories: '/run/pg',
    });
  });

  test.each([
    ["'*'", "'10.0.0.9'", "'*'"],
    ["'localhost, *'", "'10.0.0.9'", "'localhost, *'"],
    ["'10.0.0.5'", "'10.0.0.9'", "'10.0.0.9'"],
    ["'10.0.0.5'", null, null],
  ])('listens on %s as on the lost host, unless that is an address of it (%s here)', (lost, here, expected) => {
    const line = (value: string | null): string => (value === null ? '' : `listen_addresses = ${value}\n`);
    const found = settings(adopted({ lost: line(lost), here: line(here) }).get('postgresql.conf'));
    expect(found['listen_addresses']).toBe(expected === null ? undefined : expected.slice(1, -1));
  });

  test.each([
    ['shared_buffers = 8GB', 64, '8GB'],
    ['shared_buffers = 8GB', 16, '4096MB'],
    ['shared_buffers = 1048576', 16, '4096MB'],
    ['shared_buffers = 128MB', 16, '128MB'],
  ])('takes no more memory than there is: %s with %i GB is %s', (line, gigabytes, expected) => {
    const text = adopted({ lost: `${line}\n`, memoryBytes: gigabytes * gigabyte }).get('postgresql.conf');
    expect(settings(text)).toEqual({ shared_buffers: expected });
  });

  test.each([
    ['on', 'try'],
    ['try', 'try'],
    ['off', 'off'],
  ])('starts without huge pages too: %s is %s', (value, expected) => {
    expect(settings(adopted({ lost: `huge_pages = ${value}\n` }).get('postgresql.conf'))).toEqual({
      huge_pages: expected,
    });
  });

  test('is the very text of the lost host where nothing of it is of a host', () => {
    const lost = '# a comment\nwork_mem = 8MB\n\n';
    expect(adopted({ lost, here: 'work_mem = 1MB\n' }).get('postgresql.conf')).toBe(lost);
  });

  test('is the same again when it is adopted once more', () => {
    const lost = "port = 1\nlisten_addresses = '10.0.0.5'\nshared_buffers = 100GB\n";
    const here = "port = 5432\nlisten_addresses = '10.0.0.9'\n";
    const once = adopted({ lost, here }).get('postgresql.conf') ?? '';
    expect(adopted({ lost, here: once }).get('postgresql.conf')).toBe(once);
  });
});
