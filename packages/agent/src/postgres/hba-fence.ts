import { hbaRules, type HbaName, type HbaRule } from './hba-rules.ts';

/** Somebody whom a fence lets in. Names have one character for each byte, as the file's text has. */
export interface Exempt {
  readonly role: string;
  /** The superuser comes in from the host alone; Barman from wherever the file lets it. */
  readonly from: 'local' | 'anywhere';
  /** Null: whichever database the file lets the role into. Replication has rules of its own. */
  readonly to: { readonly database: string | null } | 'replication';
  /** Whether the fence is as good when the file has no rule for it. */
  readonly isOptional?: true;
}

const begin = '# BEGIN Barback fence of plan ';
const end = '# END Barback fence';
const block =
  /^# BEGIN Barback fence of plan (\S+?):[^\n]*\n(?:(?!# BEGIN Barback fence)[^\n]*\n)*?# END Barback fence\r?(?:\n|$)/gm;
const marks = /^# (?:BEGIN|END) Barback fence/m;
const rejectAll = [
  'local all all reject',
  'host all all all reject',
  'local replication all reject',
  'host replication all all reject',
];

/** The plan that a fence is of; null without one. */
export function fenceOf(text: string): string | null {
  return new RegExp(block.source, 'm').exec(text)?.[1] ?? null;
}

/** Without the fence: the bytes around it as they are now, whoever edited them. */
export function liftedText(text: string): string {
  return text.replaceAll(block, '');
}

/** Whether somebody took a part of a fence away: then nobody can tell which lines are its own. */
export function isTorn(text: string): boolean {
  return marks.test(liftedText(text));
}

export interface Fenced {
  readonly text: string;
  /** Roles that no rule of the file would let in any more. */
  readonly shutOut: readonly string[];
}

/**
 * First lines that let in only those exempted, by copies of the file's own rules narrowed to them, and refuse everybody else; then
 * the file as it is. PostgreSQL takes the first rule that matches (hba.c, check_hba, 10–18), so a rule that refuses is copied as it
 * is: it still refuses the same before the same. What cannot be narrowed for certain (include directives, files of names, groups,
 * patterns) is not copied.
 */
export function fencedText(original: string, exempt: readonly Exempt[], plan: string, lift: string): Fenced {
  const below = liftedText(original);
  const rules = hbaRules(below);
  const missing = exempt.filter((one) => one.isOptional !== true && !rules.some((rule) => admits(rule, one)));
  const lines = [
    `${begin}${plan}: nobody else gets in. To lift it by hand: ${lift}`,
    ...rules.flatMap((rule) => narrowed(rule, exempt)),
    ...rejectAll,
    end,
  ];
  return { text: `${lines.join('\n')}\n${below}`, shutOut: [...new Set(missing.map((one) => one.role))] };
}

function narrowed(rule: HbaRule, exempt: readonly Exempt[]): string[] {
  // A comment stood behind it; without one the next line would become its part.
  if (rule.rest.endsWith('\\')) return [];
  if (rule.rejects) return [`${rule.type} ${rule.database} ${rule.user}${rule.rest}`];
  const roles = new Set(exempt.filter((one) => takes(rule, one)).map((one) => quoted(one.role)));
  return roles.size === 0 ? [] : [`${rule.type} ${rule.database} ${[...roles].join(',')}${rule.rest}`];
}

function admits(rule: HbaRule, one: Exempt): boolean {
  return !rule.rejects && takes(rule, one) && rule.databases.some((name) => opens(name, one));
}

function takes({ type, users }: HbaRule, { role, from }: Exempt): boolean {
  if (from === 'local' && type !== 'local') return false;
  return users.some((name) => isKeyword(name, 'all') || (isPlain(name) && name.text === role));
}

function opens(name: HbaName, { role, to }: Exempt): boolean {
  if (to === 'replication') return isKeyword(name, 'replication');
  if (isKeyword(name, 'replication')) return false;
  if (to.database === null || isKeyword(name, 'all')) return true;
  if (isKeyword(name, 'sameuser')) return to.database === role;
  return isPlain(name) && name.text === to.database;
}

function isKeyword({ text, isQuoted }: HbaName, word: string): boolean {
  return !isQuoted && text === word;
}

/** Neither a group, nor a file of names, nor (since 16, in quotes too) a pattern. */
function isPlain({ text, isQuoted }: HbaName): boolean {
  return !text.startsWith('/') && (isQuoted || !/^[+@]/.test(text));
}

function quoted(role: string): string {
  return `"${role.replaceAll('"', '""')}"`;
}
