import type { z } from 'zod';
import { backupCreate, backupDiscard } from './backup-create.ts';
import { backupFiles } from './backup-files.ts';
import { backupLease, backupRelease } from './backup-lease.ts';
import { backupList } from './backup-list.ts';
import { backupShow } from './backup-show.ts';
import { backupVerify } from './backup-verify.ts';
import { barmanHomeAdopt, barmanHomeReturn, mirrorBackfill } from './barman-home.ts';
import { barmanCheck } from './barman-check.ts';
import type { Observed, OperationClass } from './contract.ts';
import { credentialsCarry, credentialsCompare } from './credentials.ts';
import { extractCheck, extractDiscard, extractDump, extractLoad } from './extract.ts';
import { agentFacts } from './agent-facts.ts';
import { databaseDiscard, databaseKept, databaseOpen, databaseSwap, databaseSwapBack } from './database.ts';
import { importDiscard, importDump, importLoad, importLook, importPrepare } from './import.ts';
import { hostFacts } from './host-facts.ts';
import { liveAnalyze } from './live-analyze.ts';
import { liveCheckpoint } from './live-checkpoint.ts';
import { liveConnected } from './live-connected.ts';
import { liveCount } from './live-count.ts';
import { mirrorCheck, mirrorDiscard, mirrorFetch, mirrorPush, mirrorVault } from './mirror.ts';
import { mirrorCatalogue } from './mirror-catalogue.ts';
import { poolerLook, poolerPause, poolerResume } from './pooler.ts';
import { protectionFacts } from './protection-facts.ts';
import { receiveWalAlign, receiveWalStart, receiveWalStop } from './receive-wal.ts';
import { scratchAdopt } from './scratch-adopt.ts';
import { scratchAmcheck } from './scratch-amcheck.ts';
import { scratchCompare } from './scratch-compare.ts';
import { scratchDiscard } from './scratch-discard.ts';
import { scratchProbe } from './scratch-probe.ts';
import { postmanLook, postmanRun } from './postman.ts';
import {
  hostReach,
  provisionApply,
  provisionDiscard,
  provisionLook,
  provisionOutputs,
  provisionPlan,
} from './provision.ts';
import { scratchPromote } from './scratch-promote.ts';
import { scratchQuery } from './scratch-query.ts';
import { scratchRecover } from './scratch-recover.ts';
import { scratchReplay } from './scratch-replay.ts';
import { scratchStart } from './scratch-start.ts';
import { scratchStop } from './scratch-stop.ts';
import { scratchVerifyManifest } from './scratch-verify-manifest.ts';
import { scratchWarm } from './scratch-warm.ts';
import { slotCreate, slotDrop } from './slot.ts';
import { relationNames } from './relation-names.ts';
import { liveSubscriptions, liveSynchronousNames, scratchSubscriptions } from './subscriptions.ts';
import { tableCompare } from './table-compare.ts';
import { walEnds } from './wal-ends.ts';
import { walFacts } from './wal-facts.ts';
import { walIndex } from './wal-index.ts';
import { walSwitch } from './wal-switch.ts';
import { cutoverFacts } from './cutover-facts.ts';
import { keptDiscard, keptList, keptPrepare } from './kept.ts';
import { liveFence, liveUnfence } from './live-fence.ts';
import { liveDiscard, liveDiscardLook } from './live-discard.ts';
import { liveProbe } from './live-probe.ts';
import { liveReindex } from './live-reindex.ts';
import { configurationAdopt, configurationReturn } from './configuration.ts';
import { vaultCompare } from './vault-compare.ts';
import { liveSteady } from './live-steady.ts';
import { liveStart, liveStop } from './live-stop.ts';
import { liveSwap, liveSwapBack } from './live-swap.ts';
import { scratchSeal, scratchSlot } from './scratch-seal.ts';
import { checkPassed, futureProtect, slotRenew, timelineArchived, walTailSave } from './wal-keep.ts';

/** THE whitelist: an agent executes these operations and nothing else. */
export const operations = {
  'agent-facts': agentFacts,
  'host-facts': hostFacts,
  'wal-facts': walFacts,
  'wal-index': walIndex,
  'wal-ends': walEnds,
  'relation-names': relationNames,
  'barman-check': barmanCheck,
  'backup-list': backupList,
  'backup-show': backupShow,
  'backup-files': backupFiles,
  'backup-lease': backupLease,
  'backup-release': backupRelease,
  'live-count': liveCount,
  'scratch-recover': scratchRecover,
  'scratch-adopt': scratchAdopt,
  'scratch-verify-manifest': scratchVerifyManifest,
  'scratch-start': scratchStart,
  'scratch-replay': scratchReplay,
  'scratch-probe': scratchProbe,
  'scratch-query': scratchQuery,
  'table-compare': tableCompare,
  'scratch-promote': scratchPromote,
  'scratch-amcheck': scratchAmcheck,
  'scratch-compare': scratchCompare,
  'extract-check': extractCheck,
  'extract-dump': extractDump,
  'extract-load': extractLoad,
  'extract-discard': extractDiscard,
  'scratch-stop': scratchStop,
  'scratch-discard': scratchDiscard,
  'protection-facts': protectionFacts,
  'receive-wal-stop': receiveWalStop,
  'receive-wal-align': receiveWalAlign,
  'receive-wal-start': receiveWalStart,
  'slot-drop': slotDrop,
  'slot-create': slotCreate,
  'live-checkpoint': liveCheckpoint,
  'wal-switch': walSwitch,
  'backup-create': backupCreate,
  'backup-discard': backupDiscard,
  'cutover-facts': cutoverFacts,
  'live-fence': liveFence,
  'live-unfence': liveUnfence,
  'live-stop': liveStop,
  'live-start': liveStart,
  'live-probe': liveProbe,
  'live-swap': liveSwap,
  'live-swap-back': liveSwapBack,
  'kept-list': keptList,
  'kept-prepare': keptPrepare,
  'kept-discard': keptDiscard,
  'scratch-slot': scratchSlot,
  'credentials-compare': credentialsCompare,
  'credentials-carry': credentialsCarry,
  'scratch-subscriptions': scratchSubscriptions,
  'live-subscriptions': liveSubscriptions,
  'live-synchronous-names': liveSynchronousNames,
  'scratch-warm': scratchWarm,
  'scratch-seal': scratchSeal,
  'future-protect': futureProtect,
  'wal-tail-save': walTailSave,
  'timeline-archived': timelineArchived,
  'check-passed': checkPassed,
  'slot-renew': slotRenew,
  'backup-verify': backupVerify,
  'live-discard-look': liveDiscardLook,
  'live-discard': liveDiscard,
  'live-steady': liveSteady,
  'live-connected': liveConnected,
  'live-reindex': liveReindex,
  'vault-compare': vaultCompare,
  'configuration-adopt': configurationAdopt,
  'configuration-return': configurationReturn,
  'live-analyze': liveAnalyze,
  'mirror-push': mirrorPush,
  'mirror-vault': mirrorVault,
  'mirror-check': mirrorCheck,
  'mirror-fetch': mirrorFetch,
  'mirror-discard': mirrorDiscard,
  'mirror-catalogue': mirrorCatalogue,
  'barman-home-adopt': barmanHomeAdopt,
  'barman-home-return': barmanHomeReturn,
  'mirror-backfill': mirrorBackfill,
  'import-look': importLook,
  'import-prepare': importPrepare,
  'import-dump': importDump,
  'import-load': importLoad,
  'import-discard': importDiscard,
  'database-kept': databaseKept,
  'database-swap': databaseSwap,
  'database-swap-back': databaseSwapBack,
  'database-open': databaseOpen,
  'database-discard': databaseDiscard,
  'provision-look': provisionLook,
  'host-reach': hostReach,
  'provision-plan': provisionPlan,
  'provision-apply': provisionApply,
  'provision-outputs': provisionOutputs,
  'provision-discard': provisionDiscard,
  'postman-look': postmanLook,
  'postman-run': postmanRun,
  'pooler-look': poolerLook,
  'pooler-pause': poolerPause,
  'pooler-resume': poolerResume,
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
