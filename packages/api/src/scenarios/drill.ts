import type { Backup } from '@barback/shared/operations/backup.ts';
import { probeSchema, type Probe } from '@barback/shared/operations/scratch-probe.ts';
import type { Params } from '@barback/shared/operations/index.ts';
import type { RecoveryTarget } from '@barback/shared/postgres/target.ts';
import { z } from 'zod';
import type { Scenario } from './scenario.ts';
import { onAgent, type Step } from './step.ts';

const hourMs = 3_600_000;

/** `90s`, `30m`, `2h`: at most 48 hours. */
const durationSchema = z
  .string()
  .regex(/^[1-9]\d{0,5}[smh]$/, 'write a duration such as 90s, 30m or 2h')
  .refine((text) => durationMs(text) <= 48 * hourMs, 'hold at most 48h');

export const drillOptionsSchema = z
  .strictObject({
    /** Besides those configured for the server; each is one read-only statement. */
    probes: z.array(probeSchema).max(32).default([]),
    /** Keep the promoted copy on its private socket for this long. */
    hold: durationSchema.optional(),
    amcheck: z.enum(['none', 'tables', 'all']).default('none'),
    /** Kilobytes per second for Barman's copy. */
    bandwidthKBps: z.int().positive().optional(),
    statementTimeoutMs: z
      .int()
      .min(100)
      .max(6 * hourMs)
      .default(60_000),
    /** Findings of severity `confirm` that the operator has read, by code. */
    acknowledge: z.array(z.string().max(64)).max(32).default([]),
  })
  .meta({ id: 'DrillOptions' });

/** What the planner found out and decided. */
export interface DrillFacts {
  readonly server: string;
  readonly backup: Backup;
  readonly timeline: number;
  readonly target: RecoveryTarget;
  readonly jobs: number;
  readonly configuredProbes: readonly Probe[];
  readonly settings: Params<'scratch-start'>['settings'];
  readonly bounds: DrillBounds;
}

/** What "looks sensible" means for a server (T15). */
export interface DrillBounds {
  /** A drill fails when any table has lost more than this share of its rows against live or the last drill; null: only shown. */
  readonly rowLossPercentMax: number | null;
  readonly tablesMin: number | null;
}

/** The restore drill: prove a backup on a copy that nobody else can reach, then leave nothing behind but the record. */
export const drill: Scenario<typeof drillOptionsSchema, DrillFacts> = {
  name: 'drill',
  title: 'Restore drill',
  options: drillOptionsSchema,
  steps(options, facts) {
    const { server, backup, timeline, target } = facts;
    const probes = [...facts.configuredProbes, ...options.probes];
    const ask = { server, probes, statementTimeoutMs: options.statementTimeoutMs };
    return [
      { name: 'check', title: 'Ask Barman how it is', action: onAgent('barman-check', { server }) },
      {
        name: 'lease',
        title: `Keep backup ${backup.id} from retention`,
        action: onAgent('backup-lease', { server, backupId: backup.id }),
        inverse: {
          when: 'always',
          name: 'release',
          title: 'End the keep',
          action: onAgent('backup-release', { server, backupId: backup.id }),
        },
      },
      {
        name: 'recover',
        title: 'Recover into a scratch directory beside the data directory',
        action: onAgent('scratch-recover', {
          server,
          backupId: backup.id,
          timeline,
          target,
          tablespaces: backup.tablespaces.map((tablespace) => tablespace.name),
          jobs: facts.jobs,
          bandwidthKBps: options.bandwidthKBps ?? null,
          expectBytes: backup.sizeBytes ?? 0,
        }),
        inverse: {
          when: 'always',
          name: 'discard',
          title: 'Delete the scratch directory',
          action: onAgent('scratch-discard', { server }),
        },
      },
      {
        name: 'verify-manifest',
        title: 'Compare every restored file with the backup manifest',
        action: onAgent('scratch-verify-manifest', { server, backupId: backup.id }),
      },
      {
        name: 'start',
        title: 'Start the copy on a private socket',
        action: onAgent('scratch-start', { server, timeline, target, settings: facts.settings }),
        inverse: {
          when: 'always',
          name: 'stop',
          title: 'Stop the copy',
          action: onAgent('scratch-stop', { server }),
        },
      },
      {
        name: 'replay',
        title: 'Replay WAL to the target and prove where it stopped',
        action: onAgent('scratch-replay', { server, timeline, target }),
      },
      {
        name: 'probe',
        title: 'Connect, count rows and run the probes, read-only',
        action: onAgent('scratch-probe', { ...ask, phase: 'paused' }),
      },
      {
        name: 'promote',
        title: 'Open the isolated copy for writing',
        action: onAgent('scratch-promote', { server }),
      },
      ...whenAny(probes.length > 0, {
        name: 'probe-promoted',
        title: 'Ask the probes of the open copy too',
        action: onAgent('scratch-probe', { ...ask, phase: 'promoted' }),
      }),
      ...whenAny(options.amcheck !== 'none', {
        name: 'amcheck',
        title: 'Check the relations for damage',
        action: onAgent('scratch-amcheck', {
          server,
          level: options.amcheck === 'all' ? 'all' : 'tables',
          jobs: facts.jobs,
        }),
      }),
      {
        name: 'count-live',
        title: 'Count the rows of live for comparison',
        action: onAgent('live-count', { server, statementTimeoutMs: options.statementTimeoutMs }),
      },
      {
        name: 'judge',
        title: 'Judge the proof against live, the last drill and the bounds of the server',
        action: { on: 'api', op: 'judge-drill', params: { ...facts.bounds } },
      },
      ...holdStep(options.hold),
    ];
  },
};

/** Milliseconds of `90s`, `30m`, `2h`. */
export function durationMs(text: string): number {
  const units = { s: 1000, m: 60_000, h: hourMs } as const;
  return Number(text.slice(0, -1)) * units[text.slice(-1) as keyof typeof units];
}

function holdStep(hold: string | undefined): Step[] {
  if (hold === undefined) return [];
  const action = {
    on: 'person',
    ask: 'The promoted copy is open on its private socket. Discard it now, or let it be discarded at the deadline.',
    choices: ['discard'],
    deadlineMs: durationMs(hold),
    atDeadline: 'discard',
  } as const;
  return [{ name: 'hold', title: `Hold the promoted copy for ${hold}`, action }];
}

function whenAny(condition: boolean, step: Step): Step[] {
  return condition ? [step] : [];
}
