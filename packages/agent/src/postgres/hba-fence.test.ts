import { array, assert, constantFrom, oneof, pre, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fencedText, fenceOf, isTorn, liftedText, type Exempt } from './hba-fence.ts';

const plan = '01m83wec9s5hpknax5fqgkq4z2';
const exempt: readonly Exempt[] = [
  { role: 'postgres', from: 'local', to: { database: 'postgres' } },
  { role: 'barback_probe', from: 'local', to: { database: null }, isOptional: true },
  { role: 'barman', from: 'anywhere', to: { database: null } },
  { role: 'streaming_barman', from: 'anywhere', to: 'replication' },
];
const fence = (text: string) => fencedText(text, exempt, plan, 'remove these lines');
/** The lines of a fence without its marks and the refusals that end it. */
const copied = (text: string) =>
  fence(text).text.split('\n').slice(1, fence(text).text.split('\n').indexOf('local all all reject'));

const debian = `# comment
local   all             postgres                                peer
local   all             all                                     peer map=x # why
host    all             all             127.0.0.1/32            scram-sha-256
hostssl "my db", other  "barman", app   10.0.0.0/8              cert clientcert=verify-full
local   replication     all                                     peer
host    replication     streaming_barman 10.0.0.1 255.255.255.255 md5
`;
const everybody = '"postgres","barback_probe","barman","streaming_barman"';

describe('a fence', () => {
  test('lets in the superuser from the host and Barman by its own rules, and refuses everybody else first', () => {
    const { text, shutOut } = fence(debian);
    expect(shutOut).toEqual([]);
    expect(copied(debian)).toEqual([
      'local all "postgres"                                peer',
      `local all ${everybody}                                     peer map=x`,
      'host all "barman","streaming_barman"             127.0.0.1/32            scram-sha-256',
      'hostssl "my db", other "barman"   10.0.0.0/8              cert clientcert=verify-full',
      `local replication ${everybody}                                     peer`,
      'host replication "streaming_barman" 10.0.0.1 255.255.255.255 md5',
    ]);
    expect(text).toContain(`
local all all reject
host all all all reject
local replication all reject
host replication all all reject
# END Barback fence
# comment
`);
    expect(fenceOf(text)).toBe(plan);
    expect(fenceOf(debian)).toBeNull();
  });

  test('says who would be shut out, and takes no rule whose users it cannot know', () => {
    const strange = ['+admins', '@names', '/^b', '"/^b"', '"all"'].map(
      (user) => `local all,replication ${user} peer\n`,
    );
    const { shutOut } = fence(`${strange.join('')}include more.conf\n`);
    expect(shutOut).toEqual(['postgres', 'barman', 'streaming_barman']);
    expect(fence('host all all all reject\nlocal all postgres peer\n').shutOut).toEqual(['barman', 'streaming_barman']);
  });

  test('does not take a rule for a database for one for replication, nor for another database', () => {
    expect(fence('local all all peer\n').shutOut).toEqual(['streaming_barman']);
    expect(fence('local replication all peer\n').shutOut).toEqual(['postgres', 'barman']);
    expect(fence('local "all" all peer\nlocal replication all peer\n').shutOut).toEqual(['postgres']);
    expect(fence('local sameuser all peer\nlocal replication all peer\n').shutOut).toEqual([]);
  });

  test('lets the superuser in through the socket only', () => {
    const { text, shutOut } = fence('host all all all trust\nhost replication all all trust\n');
    expect(shutOut).toEqual(['postgres']);
    expect(text).not.toContain('"postgres"');
  });

  test('refuses what the file refuses, before the same rules, whomever that is said of', () => {
    const rules = 'host all +hired 10.0.0.9 255.255.255.255 reject\nlocal all "all" reject\nhost all all all md5\n';
    expect(copied(rules)).toEqual([
      'host all +hired 10.0.0.9 255.255.255.255 reject',
      'local all "all" reject',
      'host all "barman","streaming_barman" all md5',
    ]);
  });

  test.each([
    ['goes on in the next line', 'local a\\\nll all \\\n  peer\n', 'local all EVERYBODY   peer'],
    ['has a quoted name within a name', 'local my"own, db" "bar"man peer\n', 'local my"own, db" "barman" peer'],
    ['has two quotes for one', 'local "a""b,c" all peer\n', 'local "a""b,c" EVERYBODY peer'],
    ['has lists with blanks behind their commas', 'local x,\ty app,  all  peer\n', 'local x,\ty EVERYBODY  peer'],
    ['ends with a carriage return', 'local all all peer # why\r\n', 'local all EVERYBODY peer'],
    ['has a comment right behind a word', 'local all all peer#local all x trust\n', 'local all EVERYBODY peer'],
    [
      'has options with blanks in quotes',
      'local all all ldap ldapbasedn="a b # c" x=1\n',
      'local all EVERYBODY ldap ldapbasedn="a b # c" x=1',
    ],
    ['is nothing but a comment that goes on', '# no \\\nlocal all all trust\n', undefined],
    ['lacks its method', 'local all all\nhost all\n', undefined],
  ])('reads a rule that %s as PostgreSQL does', (_name, rules, expected) => {
    expect(copied(rules)[0]).toBe(expected?.replace('EVERYBODY', everybody));
  });

  test('is lifted to exactly the bytes that were there, and to what was edited below or above it meanwhile', () => {
    const line = oneof(constantFrom(...debian.split('\n'), '# BEGIN', '\\', '"'), string({ unit: 'binary' }));
    const hbaText = array(line).map((lines) => lines.join('\n'));
    assert(
      property(hbaText, hbaText, (text, added) => {
        pre(!isTorn(text) && !isTorn(added) && !isTorn(text + added));
        const fenced = fence(text).text;
        expect(liftedText(fenced)).toBe(text);
        expect(liftedText(fenced + added)).toBe(text + added);
        expect(liftedText(`${added}\n${fenced}`)).toBe(`${added}\n${text}`);
        expect(fence(fenced).text).toBe(fenced);
        expect(fence(`${added}\n${fenced}`).text.startsWith(`# BEGIN Barback fence of plan ${plan}:`)).toBe(true);
        expect(isTorn(fenced)).toBe(false);
      }),
    );
  });

  test('is found when an editor changed its line ends, and is called torn when one of its marks is gone', () => {
    const fenced = fence(debian).text;
    expect(fenceOf(fenced.replaceAll('\n', '\r\n'))).toBe(plan);
    expect(liftedText(fenced.replaceAll('\n', '\r\n'))).toBe(debian.replaceAll('\n', '\r\n'));
    expect(isTorn(fenced.replace('# END Barback fence\n', ''))).toBe(true);
    expect(isTorn(fenced.replace(/^# BEGIN.*\n/, ''))).toBe(true);
    expect(isTorn(debian)).toBe(false);
  });

  test('replaces that of another plan, and two that somebody pasted', () => {
    const twice = fence(debian).text + fence(debian).text;
    const other = fencedText(twice, exempt, 'other', 'by hand');
    expect(fenceOf(other.text)).toBe('other');
    expect(liftedText(other.text)).toBe(debian + debian);
  });
});
