import type { Backup } from '@barback/shared/operations/backup.ts';
import type { Params } from '@barback/shared/operations/index.ts';
import type { Probe } from '@barback/shared/operations/scratch-probe.ts';
import type { RecoveryTarget } from '@barback/shared/postgres/target.ts';
import type { DrillBounds } from './judge-drill.ts';
import { onAgent, type Inverse, type Step } from './step.ts';

/** What the planner decided about a copy. */
export interface CopyFacts {
  readonly server: string;
  readonly backup: Backup;
  readonly timeline: number;
  readonly target: RecoveryTarget;
  /** What the proof of the stop must agree with; null at the two ends of WAL. */
  readonly expect: Params<'scratch-replay'>['expect'];
  readonly jobs: number;
  readonly settings: Params<'scratch-start'>['settings'];
}

interface Recovery {
  readonly bandwidthKBps: number | null;
  readonly tablespaceHome: 'scratch' | 'beside';
  /** From what was fetched for this plan, instead of Barman's own files. */
  readonly fromMirror?: boolean;
  /** Behind the point of no return a person's resume tries it again. */
  readonly anew?: boolean;
}

export function leaseStep({ server, backup }: CopyFacts): Step {
  return {
    name: 'lease',
    title: `Keep backup ${backup.id} from retention`,
    action: onAgent('backup-lease', { server, backupId: backup.id }),
    inverse: {
      when: 'always',
      name: 'release',
      title: 'End the keep',
      action: onAgent('backup-release', { server, backupId: backup.id }),
    },
  };
}

/** A copy of the backup beside the data directory, compared with its manifest. */
export function recoverSteps(
  facts: CopyFacts,
  { bandwidthKBps, tablespaceHome, anew = false, fromMirror = false }: Recovery,
): Step[] {
  const { server, backup, timeline, target } = facts;
  return [
    {
      name: 'recover',
      title: 'Recover into a scratch directory beside the data directory',
      action: onAgent('scratch-recover', {
        server,
        backupId: backup.id,
        timeline,
        target,
        tablespaces: backup.tablespaces.map((tablespace) => tablespace.name),
        ...(tablespaceHome === 'beside' ? { tablespaceHome } : {}),
        ...(fromMirror ? { from: 'mirror' as const } : {}),
        ...(anew ? { anew } : {}),
        jobs: facts.jobs,
        bandwidthKBps,
        expectBytes: backup.sizeBytes ?? 0,
      }),
      inverse: discard(server),
    },
    {
      name: 'verify-manifest',
      title: 'Compare every restored file with the backup manifest',
      action: onAgent('scratch-verify-manifest', { server, backupId: backup.id }),
    },
  ];
}

/** The copy of another plan, instead of one of its own. */
export function adoptStep({ server, backup, timeline, target }: CopyFacts, from: string): Step {
  return {
    name: 'adopt',
    title: `Take over the copy of plan ${from}, and copy the WAL that it lacks`,
    action: onAgent('scratch-adopt', { server, from, backupId: backup.id, timeline, target }),
    inverse: discard(server),
  };
}

/** The inverse of whatever makes the copy. */
export const discardName = 'discard';

function discard(server: string): Inverse {
  return {
    when: 'always',
    name: discardName,
    title: 'Delete the scratch directory',
    action: onAgent('scratch-discard', { server }),
  };
}

/** The copy replays to its target on a private socket and waits there. */
export function replaySteps(facts: CopyFacts, goesLive: Params<'scratch-start'>['goesLive']): Step[] {
  const { server, timeline, target, settings, expect } = facts;
  return [
    {
      name: 'start',
      title: 'Start the copy on a private socket',
      action: onAgent('scratch-start', {
        server,
        timeline,
        target,
        settings,
        ...(goesLive === undefined ? {} : { goesLive }),
      }),
      inverse: { when: 'always', name: 'stop', title: 'Stop the copy', action: onAgent('scratch-stop', { server }) },
    },
    {
      name: 'replay',
      title: 'Replay WAL to the target and prove where it stopped',
      action: onAgent('scratch-replay', { server, timeline, target, expect }),
    },
  ];
}

export interface Questions {
  readonly server: string;
  readonly probes: readonly Probe[];
  readonly statementTimeoutMs: number;
}

export function probeStep({ server, probes, statementTimeoutMs }: Questions): Step {
  return {
    name: 'probe',
    title: 'Connect, count rows and run the probes, read-only',
    action: onAgent('scratch-probe', { server, probes: [...probes], statementTimeoutMs, phase: 'paused' }),
  };
}

export function promoteStep({ server }: Pick<CopyFacts, 'server'>): Step {
  return {
    name: 'promote',
    title: 'Open the isolated copy for writing',
    action: onAgent('scratch-promote', { server }),
  };
}

/** Given SQL that had to wait for the promotion, and tables that the undone transaction had locked. */
export function probePromotedStep({ server, probes, statementTimeoutMs }: Questions): Step {
  return {
    name: 'probe-promoted',
    title: 'Ask the probes of the open copy too',
    action: onAgent('scratch-probe', { server, probes: [...probes], statementTimeoutMs, phase: 'promoted' }),
  };
}

/** A copy that fails a probe, or has too few tables, goes no further. */
export function judgeStep(title: string, bounds: DrillBounds): Step {
  return { name: 'judge', title, action: { on: 'api', op: 'judge-drill', params: { ...bounds } } };
}
