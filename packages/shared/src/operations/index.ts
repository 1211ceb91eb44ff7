import type { z } from 'zod';
import { backupLease, backupRelease } from './backup-lease.ts';
import { backupList } from './backup-list.ts';
import { backupShow } from './backup-show.ts';
import { barmanCheck } from './barman-check.ts';
import type { Observed, OperationClass } from './contract.ts';
import { hostFacts } from './host-facts.ts';
import { liveCount } from './live-count.ts';
import { scratchAmcheck } from './scratch-amcheck.ts';
import { scratchDiscard } from './scratch-discard.ts';
import { scratchProbe } from './scratch-probe.ts';
import { scratchPromote } from './scratch-promote.ts';
import { scratchRecover } from './scratch-recover.ts';
import { scratchReplay } from './scratch-replay.ts';
import { scratchStart } from './scratch-start.ts';
import { scratchStop } from './scratch-stop.ts';
import { scratchVerifyManifest } from './scratch-verify-manifest.ts';
import { walFacts } from './wal-facts.ts';

/** THE whitelist: an agent executes these operations and nothing else. */
export const operations = {
  'host-facts': hostFacts,
  'wal-facts': walFacts,
  'barman-check': barmanCheck,
  'backup-list': backupList,
  'backup-show': backupShow,
  'backup-lease': backupLease,
  'backup-release': backupRelease,
  'live-count': liveCount,
  'scratch-recover': scratchRecover,
  'scratch-verify-manifest': scratchVerifyManifest,
  'scratch-start': scratchStart,
  'scratch-replay': scratchReplay,
  'scratch-probe': scratchProbe,
  'scratch-promote': scratchPromote,
  'scratch-amcheck': scratchAmcheck,
  'scratch-stop': scratchStop,
  'scratch-discard': scratchDiscard,
} as const;

export type Operations = typeof operations;
export type OpName = keyof Operations;
export type Params<N extends OpName> = z.infer<Operations[N]['params']>;
export type Result<N extends OpName> = z.infer<Operations[N]['result']>;
export type ObservedResult<N extends OpName> = Observed<Result<N>>;
/** The names of one class. */
export type OpNameOf<C extends OperationClass> = {
  [N in OpName]: Operations[N]['class'] extends C ? N : never;
}[OpName];
export type JobOpName = OpNameOf<'I' | 'A' | 'D'>;

export function isOpName(name: string): name is OpName {
  return Object.hasOwn(operations, name);
}
