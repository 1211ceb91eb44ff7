import { postmanLook, postmanRun } from './postman.ts';
import { agentFacts } from './agent-facts.ts';
import { hostReach } from './host-reach.ts';
import { provisionLook } from './provision-look.ts';
import { provisionPlan } from './provision-plan.ts';
import { provisionApply } from './provision-apply.ts';
import { provisionOutputs } from './provision-outputs.ts';
import { provisionDiscard } from './provision-discard.ts';
import { importLook } from './import-look.ts';
import { importPrepare } from './import-prepare.ts';
import { importDump } from './import-dump.ts';
import { importLoad } from './import-load.ts';
import { importDiscard } from './import-discard.ts';
import { databaseKept } from './database-kept.ts';
import { databaseSwap } from './database-swap.ts';
import { databaseSwapBack } from './database-swap-back.ts';
import { databaseOpen } from './database-open.ts';
import { databaseDiscard } from './database-discard.ts';
import { backupCreate, backupDiscard } from './backup-create.ts';
import { backupFiles } from './backup-files.ts';
import { backupLease, backupRelease } from './backup-lease.ts';
import { backupList, backupShow } from './backup-list.ts';
import { backupVerify } from './backup-verify.ts';
import { barmanHomeAdopt, barmanHomeReturn } from './barman-home.ts';
import { barmanCheck } from './barman-check.ts';
import { checkPassed } from './check-passed.ts';
import { extractCheck } from './extract-check.ts';
import { extractDiscard } from './extract-discard.ts';
import { extractDump } from './extract-dump.ts';
import { extractLoad } from './extract-load.ts';
import { futureProtect } from './future-protect.ts';
import { credentialsCarry, credentialsCompare } from './credentials.ts';
import type { Handlers } from './handler.ts';
import { hostFacts } from './host-facts.ts';
import { keptDiscard } from './kept-discard.ts';
import { keptList } from './kept-list.ts';
import { keptPrepare } from './kept-prepare.ts';
import { liveAnalyze } from './live-analyze.ts';
import { liveCheckpoint } from './live-checkpoint.ts';
import { liveConnected } from './live-connected.ts';
import { liveCount } from './live-count.ts';
import { cutoverFacts } from './cutover-facts.ts';
import { liveFence, liveUnfence } from './live-fence.ts';
import { liveDiscard, liveDiscardLook } from './live-discard.ts';
import { liveProbe } from './live-probe.ts';
import { liveReindex } from './live-reindex.ts';
import { configurationAdopt, configurationReturn } from './configuration-adopt.ts';
import { vaultCompare } from './vault-compare.ts';
import { liveSteady } from './live-steady.ts';
import { liveStart } from './live-start.ts';
import { liveStop } from './live-stop.ts';
import { liveSwap, liveSwapBack } from './live-swap.ts';
import { mirrorBackfill } from './mirror-backfill.ts';
import { mirrorCatalogue } from './mirror-catalogue.ts';
import { mirrorCheck } from './mirror-check.ts';
import { mirrorDiscard, mirrorFetch } from './mirror-fetch.ts';
import { mirrorPush } from './mirror-push.ts';
import { mirrorVault } from './mirror-vault.ts';
import { poolerLook } from './pooler-look.ts';
import { poolerPause } from './pooler-pause.ts';
import { poolerResume } from './pooler-resume.ts';
import { protectionFacts } from './protection-facts.ts';
import { receiveWalAlign, receiveWalStart, receiveWalStop } from './receive-wal.ts';
import { scratchAdopt } from './scratch-adopt.ts';
import { scratchAmcheck } from './scratch-amcheck.ts';
import { scratchCompare } from './scratch-compare.ts';
import { scratchDiscard } from './scratch-discard.ts';
import { scratchProbe } from './scratch-probe.ts';
import { scratchPromote } from './scratch-promote.ts';
import { scratchQuery } from './scratch-query.ts';
import { scratchRecover } from './scratch-recover.ts';
import { scratchReplay } from './scratch-replay.ts';
import { scratchSeal } from './scratch-seal.ts';
import { scratchSlot } from './scratch-slot.ts';
import { scratchStart } from './scratch-start.ts';
import { scratchStop } from './scratch-stop.ts';
import { scratchVerifyManifest } from './scratch-verify-manifest.ts';
import { scratchWarm } from './scratch-warm.ts';
import { slotCreate } from './slot-create.ts';
import { slotDrop } from './slot-drop.ts';
import { slotRenew } from './slot-renew.ts';
import { timelineArchived } from './timeline-archived.ts';
import { relationNames } from './relation-names.ts';
import { liveSubscriptions, scratchSubscriptions } from './subscriptions.ts';
import { liveSynchronousNames } from './live-synchronous-names.ts';
import { tableCompare } from './table-compare.ts';
import { walEnds } from './wal-ends.ts';
import { walFacts } from './wal-facts.ts';
import { walIndex } from './wal-index.ts';
import { walTailSave } from './wal-tail-save.ts';
import { walSwitch } from './wal-switch.ts';

/** What carries out each operation of the whitelist. */
export const handlers: Handlers = {
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
  'live-connected': liveConnected,
  'live-reindex': liveReindex,
  'vault-compare': vaultCompare,
  'configuration-adopt': configurationAdopt,
  'configuration-return': configurationReturn,
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
  'agent-facts': agentFacts,
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
};
