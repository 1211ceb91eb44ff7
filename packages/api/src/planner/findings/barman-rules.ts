import type { HostFacts, Rule } from './rule.ts';

/** Pairs of PostgreSQL major and Barman series that the lab runs. */
const testedPairs: readonly { readonly postgres: number; readonly barman: string }[] = [
  { postgres: 15, barman: '3.4' },
  { postgres: 15, barman: '3.13' },
  { postgres: 17, barman: '3.13' },
];

const barmanUnsupported: Rule<HostFacts> = ({ host }) =>
  host.barman.unsupportedReasons.map((reason) => ({
    code: 'barman-unsupported',
    severity: 'blocking',
    title: 'Barman or its configuration is not supported',
    detail: `Barman ${host.barman.version}: ${reason}`,
    remedy: 'Change the configuration of Barman on the host as the reason says, then plan again.',
  }));

const versionUntested: Rule<HostFacts> = ({ host }) => {
  const series = host.barman.version.split('.').slice(0, 2).join('.');
  if (testedPairs.some((pair) => pair.postgres === host.binaries.major && pair.barman === series)) return null;
  return {
    code: 'version-untested',
    severity: 'confirm',
    title: 'This pair of versions is not one that Barback is tested with',
    detail: `PostgreSQL ${host.binaries.major} with Barman ${host.barman.version}; tested: ${testedPairs
      .map((pair) => `PostgreSQL ${pair.postgres} with Barman ${pair.barman}`)
      .join(', ')}.`,
    remedy:
      'If the drills of this server have shown that they work together, plan again with "acknowledge": ["version-untested"] in the options; a drill itself does not touch live.',
  };
};

export const barmanRules: readonly Rule<HostFacts>[] = [barmanUnsupported, versionUntested];
