import type { Result } from '@barback/shared/operations/index.ts';
import { preloadLibraries } from '../preload-libraries.ts';
import { extractInstead, type Destroyed } from './extract-rule.ts';
import type { Found, Rule } from './rule.ts';

/** What the replacement of live is judged by. */
export interface CutoverRuleFacts {
  readonly server: string;
  readonly host: Result<'host-facts'>;
  readonly cutover: Result<'cutover-facts'>;
  readonly undoneDdl: number;
  readonly names: readonly string[];
  readonly destroyed: Destroyed | null;
}

const serviceUnknown: Rule<CutoverRuleFacts> = ({ cutover, server }) =>
  cutover.service === null
    ? {
        code: 'service-unknown',
        severity: 'blocking',
        title: 'The agent does not know how live is started and stopped',
        detail: `Its configuration of ${server} has no postgres.service.`,
        remedy:
          "Add it to the agent's configuration and restart its executor: service: {kind: debian-cluster, version: 15, cluster: main}, or {kind: pg_ctl, configDirectory: …, logFile: …}.",
      }
    : null;

const fenceImpossible: Rule<CutoverRuleFacts> = ({ cutover: { hba } }) => {
  const reason = hba === null ? 'pg_hba.conf cannot be found or read' : hba.unsupported;
  if (reason === null) return null;
  return {
    code: 'fence-impossible',
    severity: 'blocking',
    title: 'Nobody could be kept out while live is replaced',
    detail: `A fence cannot be made: ${reason}.`,
    remedy:
      "Give pg_hba.conf a plain line for each role that Barman connects as, or name the file that live reads as postgres.hbaFile in the agent's configuration.",
  };
};

const scratchElsewhere: Rule<CutoverRuleFacts> = ({ cutover, host }) =>
  cutover.besideOnSameFilesystem
    ? null
    : {
        code: 'scratch-elsewhere',
        severity: 'blocking',
        title: 'The copy would not lie on the filesystem of the data directory',
        detail: `A rename must be enough to take the place of ${host.dataDirectory?.path ?? 'the data directory'}.`,
        remedy:
          "Leave scratch.directory out of the agent's configuration, or set it to a directory on that filesystem beside the data directory.",
      };

const leftover: Rule<CutoverRuleFacts> = ({ cutover: { fencedBy, heldBy } }) => {
  if (fencedBy === null && heldBy === null) return null;
  const what = [
    fencedBy === null ? null : `a fence of plan ${fencedBy}`,
    heldBy === null ? null : `a hold of plan ${heldBy}`,
  ];
  return {
    code: 'cutover-left-open',
    severity: 'blocking',
    title: 'An earlier restore has left live fenced or held',
    detail: `There is ${what.filter((one) => one !== null).join(' and ')}.`,
    remedy: 'End that run, or look at it on the host: barback-agent rescue status. Then plan again.',
  };
};

const undoneDdl: Rule<CutoverRuleFacts> = ({ undoneDdl: count, names }) =>
  count === 0
    ? null
    : {
        code: 'undone-ddl',
        severity: 'warning',
        title: 'The restore undoes changes of definitions',
        detail: `${count} of the undone transactions created, altered or dropped something; ${names.length === 0 ? 'the application' : names.join(', ')} may do it again at its start.`,
        remedy:
          'Know which version of the application starts afterwards; the run asks before it starts it ("applicationStart": "gate").',
      };

/**
 * Libraries whose workers write without connecting, each by its documentation: pg_cron with cron.use_background_workers, TimescaleDB's jobs,
 * pg_partman's maintenance, the apply workers of pglogical, Spock and BDR, Citus' maintenance daemon, PoWA's snapshots.
 */
const withWorkers = /^(?:pg_cron|timescaledb|pg_partman_bgw|pglogical|spock|bdr|citus|powa)$/;

/** No rule of pg_hba.conf is asked for a worker of the server itself (15, postmaster.c, BackgroundWorkerInitializeConnection). */
const writesByItself: Rule<CutoverRuleFacts> = ({ host }) => {
  const found = preloadLibraries(host).filter((name) => withWorkers.test(name.replace(/^\$libdir\//, '')));
  if (found.length === 0) return null;
  return {
    code: 'writes-by-itself',
    severity: 'warning',
    title: 'Libraries of live write without connecting: the fence does not keep them out',
    detail: `shared_preload_libraries names ${found.join(', ')}. Their workers may write to live until it stops, and to what was restored from its start on, before it is opened.`,
    remedy:
      'Stop their jobs before you start the run, and start them again when it has ended (pg_cron: cron.launch_active_jobs = off and a reload); nothing in a copy runs them.',
  };
};

const rules: readonly Rule<CutoverRuleFacts>[] = [
  writesByItself,
  serviceUnknown,
  fenceImpossible,
  scratchElsewhere,
  leftover,
  undoneDdl,
  extractInstead,
];

/** What would keep live from being replaced, or harm who uses it. Pure. */
export function cutoverFindings(facts: CutoverRuleFacts): readonly Found[] {
  return rules.flatMap((rule) => rule(facts) ?? []);
}
