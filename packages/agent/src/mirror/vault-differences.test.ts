import { expect, test } from 'vitest';
import { vaultDifferences, vaultFactsSchema, type HostHas } from './vault-differences.ts';

const facts = {
  glibc: 'glibc 2.36',
  cluster: {
    places: { shared_preload_libraries: 'pg_stat_statements, "$libdir/timescaledb"' },
    tablespaces: [{ name: 'fast', location: '/srv/fast/ts1' }],
    databases: [
      { name: 'shop', locale: { datcollate: 'de_DE.UTF-8', datctype: 'de_DE.UTF-8' } },
      { name: 'template0', locale: { datcollate: 'C.UTF-8', datctype: 'C' } },
      { name: 'mail', locale: { datcollate: 'en_US.utf8', datctype: 'en_US.utf8' } },
    ],
    extensions: { shop: { plpgsql: '1.0', postgis: '3.3' }, mail: null },
  },
};
const packages = 'barman 3.4.0-1 ii\nlibicu72:amd64 72.1-3 ii\n';
const host: HostHas = {
  glibc: 'glibc 2.36',
  locales: 'C\nC.utf8\nPOSIX\nde_DE.utf8\nen_US.utf8\n',
  packages,
  extensions: ['plpgsql', 'postgis'],
  libraries: ['pg_stat_statements', 'timescaledb'],
  directories: ['/srv/fast'],
};

function differences(here: Partial<HostHas>, there: object = {}) {
  return vaultDifferences({ facts: vaultFactsSchema.parse({ ...facts, ...there }), packages }, { ...host, ...here });
}

const nothing = {
  missingLocales: [],
  glibc: null,
  icu: null,
  olderBarman: null,
  missingExtensions: [],
  missingLibraries: [],
  missingPlaces: [],
};

test('a host that has everything lacks nothing', () => {
  expect(differences({})).toEqual(nothing);
});

test('a locale of a database is missing whatever the spelling of its encoding, and built-in ones never', () => {
  expect(differences({ locales: 'C\nen_US.UTF-8\n' }).missingLocales).toEqual(['de_DE.UTF-8']);
});

test('another glibc and another ICU are told, and what is not known is not', () => {
  expect(differences({ glibc: 'glibc 2.41' }).glibc).toEqual({ there: 'glibc 2.36', here: 'glibc 2.41' });
  expect(differences({ glibc: '' }).glibc).toBeNull();
  expect(differences({ packages: 'barman 3.4.0-1 ii\nlibicu76:amd64 76.1-4 ii\n' }).icu).toEqual({
    there: '72',
    here: '76',
  });
});

test('a Barman older than the one of the catalogue is told, a newer one is not', () => {
  const barman = (version: string) =>
    differences({ packages: `barman ${version} ii\nlibicu72:amd64 1 ii\n` }).olderBarman;
  expect(barman('3.3.9-1')).toEqual({ there: '3.4.0-1', here: '3.3.9-1' });
  expect(barman('3.13.0-1')).toBeNull();
  expect(barman('3.4.0-2')).toBeNull();
});

test('extensions, libraries and places of tablespaces that are not there are named', () => {
  expect(differences({ extensions: ['plpgsql'] }).missingExtensions).toEqual(['postgis']);
  expect(differences({ extensions: null }).missingExtensions).toBeNull();
  expect(differences({ libraries: ['pg_stat_statements'] }).missingLibraries).toEqual(['timescaledb']);
  expect(differences({ libraries: null }).missingLibraries).toEqual([]);
  expect(differences({ directories: [] }).missingPlaces).toEqual([{ tablespace: 'fast', location: '/srv/fast/ts1' }]);
});

test('a vault that was taken while live was down says nothing of the cluster', () => {
  expect(differences({ extensions: [], libraries: [] }, { cluster: null })).toEqual(nothing);
});
