import type { User } from './users.ts';

/** Becomes another user for good, with its groups; null and the own user change nothing. For children that began as root. */
export function dropRights(user: Pick<User, 'name' | 'uid' | 'gid'> | null): void {
  if (user === null || process.geteuid?.() === user.uid) return;
  // Missing in the type definitions of Node 24.
  (process as { initgroups?: (user: string, group: number) => void }).initgroups?.(user.name, user.gid);
  process.setgid?.(user.gid);
  process.setuid?.(user.uid);
  if (process.geteuid?.() !== user.uid || process.getuid?.() !== user.uid) {
    throw new Error(`cannot become user ${user.name}`);
  }
}
