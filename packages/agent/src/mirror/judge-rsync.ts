/** How a transfer ended, by exit code and last words (rsync(1) and errcode.h of 3.2.7; OpenSSH 9.2). */
export type RsyncVerdict =
  | { readonly is: 'done' }
  /** Files were deleted or moved here while they were sent: once more. */
  | { readonly is: 'vanished' }
  /** The connection: it may be better in a moment. */
  | { readonly is: 'connection'; readonly reason: string }
  | { readonly is: 'refused'; readonly reason: string; readonly next: string }
  | { readonly is: 'full'; readonly reason: string }
  | { readonly is: 'failed'; readonly reason: string };

const hostKey = /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|No \w+ host key is known/i;
const noEntry = /Permission denied \((publickey|password|keyboard)/i;
const noRoom = /No space left on device|Disk quota exceeded/i;
/** Socket, protocol stream, a signal on the far side, timeouts, ssh itself. */
const connectionCodes = new Set([10, 12, 30, 35, 255]);

/** Pure. */
export function judgeRsync(exitCode: number | null, stderr: string): RsyncVerdict {
  const reason = stderr.trim().split('\n').slice(-3).join('; ').slice(-500) || `rsync ended with exit code ${exitCode}`;
  if (exitCode === 0) return { is: 'done' };
  if (hostKey.test(stderr)) {
    const next = "compare the box's host key with what its owner publishes, then put it into knownHostsFile";
    return { is: 'refused', reason: `the box is not the one whose key is known: ${reason}`, next };
  }
  if (noEntry.test(stderr)) {
    return {
      is: 'refused',
      reason: `the box does not let the key in: ${reason}`,
      next: 'install the public key of identityFile on the box',
    };
  }
  if (noRoom.test(stderr)) return { is: 'full', reason };
  if (exitCode === 24) return { is: 'vanished' };
  if (exitCode !== null && connectionCodes.has(exitCode)) return { is: 'connection', reason };
  return { is: 'failed', reason };
}
