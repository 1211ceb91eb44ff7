import { onAgent, type Step } from './step.ts';

/** What must be whole before live is deleted for it. */
export function verifyStoredStep(server: string, backupId: string): Step {
  return {
    name: 'verify-stored',
    title: `Compare the files that Barman stores of backup ${backupId} with its manifest`,
    action: onAgent('backup-verify', { server, backupId }),
  };
}

/** Asked while live can still be started again. */
export function lookAtRoomStep(server: string, needBytes: number): Step {
  return {
    name: 'look-at-room',
    title: 'Make sure that deleting live makes room enough for the copy',
    action: onAgent('live-discard-look', { server, needBytes }),
  };
}

/** The point of no return of a restore in place: from here on only the backup can be live again. */
export function discardLiveStep(server: string): Step {
  return {
    name: 'discard-live',
    title: 'DELETE the stopped live, whose room the copy needs',
    action: onAgent('live-discard', { server }),
    commits: true,
  };
}
