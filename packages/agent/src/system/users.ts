import { readFile } from 'node:fs/promises';
import { ProblemError } from '@barback/shared/wire/problem.ts';

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** The entry of a user in the text of /etc/passwd (passwd(5)). */
export function parsePasswd(text: string, match: (user: User) => boolean): User | undefined {
  for (const line of text.split('\n')) {
    const [name = '', , uid = '', gid = '', , home = ''] = line.split(':');
    if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid)) continue;
    const user = { name, uid: Number(uid), gid: Number(gid), home: home || '/' };
    if (match(user)) return user;
  }
  return undefined;
}

/** The group id of a group name in the text of /etc/group (group(5)). */
export function parseGroup(text: string, group: string): number | undefined {
  for (const line of text.split('\n')) {
    const [name, , gid = ''] = line.split(':');
    if (name === group && /^\d+$/.test(gid)) return Number(gid);
  }
  return undefined;
}

/** A local user by name; null means the user that this process runs as. */
export async function lookUpUser(name: string | null): Promise<User> {
  const own = process.geteuid?.() ?? 0;
  const user = parsePasswd(await readFile('/etc/passwd', 'utf8'), (one) =>
    name === null ? one.uid === own : one.name === name,
  );
  if (user) return user;
  if (name === null) return { name: String(own), uid: own, gid: process.getegid?.() ?? 0, home: '/' };
  throw new ProblemError('internal', `cannot find the user ${name} in /etc/passwd`, {
    next: "create the user or correct its name in the agent's configuration",
  });
}

/** What a child that begins as root becomes; null: it stays what it is. */
export async function rightsOf(user: string | null): Promise<Pick<User, 'name' | 'uid' | 'gid'> | null> {
  if (user === null) return null;
  const { name, uid, gid } = await lookUpUser(user);
  return { name, uid, gid };
}

export async function lookUpGroup(name: string): Promise<number> {
  const gid = parseGroup(await readFile('/etc/group', 'utf8'), name);
  if (gid !== undefined) return gid;
  throw new ProblemError('internal', `cannot find the group ${name} in /etc/group`, {
    next: "create the group or correct its name in the agent's configuration",
  });
}
