import { hbaRules } from './hba-rules.ts';

const head = '# Barman as it comes in on this host; what follows is of the lost one.';

/**
 * pg_hba.conf of the lost host, behind the rules of this one that name a role of Barman: they belong to the passwords and system users that
 * are here, and the first rule that matches counts. Pure.
 */
export function adoptedHba(lost: string, here: string, barmanRoles: readonly string[]): string {
  const known = new Set(hbaRules(lost).map(asLine));
  const own = hbaRules(here)
    .filter(({ users }) => users.every(({ text }) => barmanRoles.includes(text)))
    .map(asLine)
    .filter((line) => !known.has(line));
  return own.length === 0 ? lost : `${[head, ...own].join('\n')}\n${lost}`;
}

function asLine({ type, database, user, rest }: ReturnType<typeof hbaRules>[number]): string {
  return `${type} ${database} ${user}${rest}`;
}

/** pg_ident.conf of the lost host, with the maps of this one that it lacks. Pure. */
export function adoptedIdent(lost: string, here: string): string {
  const known = new Set(maps(lost));
  const missing = maps(here).filter((line) => !known.has(line));
  return missing.length === 0 ? lost : `${lost.replace(/\n*$/, '\n')}${missing.join('\n')}\n`;
}

function maps(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
