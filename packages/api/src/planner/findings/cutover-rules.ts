import type { Result } from '@barback/shared/operations/index.ts';
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

const rules: readonly Rule<CutoverRuleFacts>[] = [
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
