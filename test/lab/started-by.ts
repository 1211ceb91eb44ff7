import type { LabPostgres } from './lab.ts';

/** How the lab's cluster is started and stopped, as the agent's configuration says it. */
export function startedBy({ cluster, version, configDir, logFile }: LabPostgres) {
  return cluster === null
    ? ({ kind: 'pg_ctl', configDirectory: configDir, logFile } as const)
    : ({ kind: 'debian-cluster', version, cluster } as const);
}
