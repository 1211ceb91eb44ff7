import { backupLease, backupRelease } from './backup-lease.ts';
import { backupList, backupShow } from './backup-list.ts';
import { barmanCheck } from './barman-check.ts';
import type { Handlers } from './handler.ts';
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

/** What carries out each operation of the whitelist. */
export const handlers: Handlers = {
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
};
