import { createHash } from 'node:crypto';
import { totalmem } from 'node:os';
import path from 'node:path';
import { isSecretFile, leftOutMark } from '../mirror/redact.ts';
import { adoptedHba, adoptedIdent } from '../postgres/adopted-access.ts';
import { adoptedSettings } from '../postgres/adopted-settings.ts';
import { liftedText } from '../postgres/hba-fence.ts';
import { isWithin, separateDirectories } from './cluster-configuration.ts';
import { barmanRoles } from './fence-place.ts';
import type { Call, Host } from './handler.ts';
import { collectFiles } from './vault-collect.ts';
import { readVault, type Vault } from './vault-fetch.ts';

/** A file of the cluster's configuration as the lost host had it, with what is of this host kept. */
export interface Adoption {
  readonly path: string;
  /** One character for each byte; null: there is no such file here. */
  readonly here: string | null;
  readonly adopted: string;
  readonly sha256: string;
}

export interface Adoptions {
  readonly files: readonly Adoption[];
  /** A secret of theirs is not in clear in the vault, or they cannot be read here: these are for a person to write. */
  readonly withSecrets: readonly string[];
}

const wanted = /^(?:postgresql\.conf|pg_hba\.conf|pg_ident\.conf|conf\.d\/[^/]+\.conf)$/;

/** What this host would put into a vault of its own, without what is nothing but a secret: a box that names other files gets no answer. */
export interface FilesHere {
  readonly files: ReadonlyMap<string, string>;
  /** They are there, or there may be some, and their user may not read them. */
  readonly unread: ReadonlySet<string>;
}

export async function configurationHere(host: Host, call: Call): Promise<FilesHere> {
  const { files, leftOut } = await collectFiles(host, call);
  const secret = files.filter((one) => one.isSecret || isSecretFile(one.path, one.text)).map((one) => one.path);
  return {
    files: new Map(files.filter((one) => !secret.includes(one.path)).map((one) => [one.path, one.text])),
    unread: new Set([...secret, ...leftOut.map((one) => one.path)]),
  };
}

interface Sides {
  readonly vault: Vault;
  readonly here: FilesHere;
}

/** What the vault would change here; nothing where the configuration comes with the backup. */
export async function adoptionsOf(host: Host, { vault, here: mine }: Sides, call: Call): Promise<Adoptions> {
  const directories = separateDirectories(host, vault);
  if (!directories) return { files: [], withSecrets: [] };
  const lost = new Map<string, string>();
  for (const { path: file } of vault.files.filter(({ inClear }) => inClear !== 'none')) {
    const name = path.relative(directories.lost, file);
    if (!wanted.test(name)) continue;
    const text = await readVault(vault, path.join('files', file));
    if (text !== undefined) lost.set(name, text);
  }
  const here = new Map(
    [...mine.files]
      .map(([file, text]) => [path.relative(directories.here, file), text] as const)
      .filter(([name]) => wanted.test(name)),
  );
  const texts = [...(await adopted(host, lost, here, call))].map(([name, text]) => ({
    name,
    text,
    found: here.get(name) ?? null,
  }));
  const changed = texts.filter(({ text, found }) => text !== found);
  const placed = (name: string): string => path.join(directories.here, name);
  // What is there and cannot be read would be taken for a file that is not there.
  const isForPerson = ({ name, text }: { name: string; text: string }): boolean =>
    lacksSecret(text) || [...mine.unread].some((one) => isWithin(placed(name), one));
  return {
    files: changed
      .filter((one) => !isForPerson(one))
      .map(({ name, text, found }) => ({ path: placed(name), here: found, adopted: text, sha256: textHash(text) })),
    withSecrets: changed.filter(isForPerson).map(({ name }) => placed(name)),
  };
}

/** Whether a line that counts has a mark in the place of a secret. */
function lacksSecret(text: string): boolean {
  return text.split('\n').some((line) => !/^\s*#/.test(line) && line.includes(leftOutMark));
}

type Files = ReadonlyMap<string, string>;

async function adopted(host: Host, lost: Files, here: Files, call: Call): Promise<Files> {
  const isSettings = (name: string): boolean => !name.startsWith('pg_');
  const only = (files: Files): Files => new Map([...files].filter(([name]) => isSettings(name)));
  // Without the main file it is not known what includes the others.
  const settings = lost.has('postgresql.conf')
    ? adoptedSettings({ lost: only(lost), here: only(here), memoryBytes: totalmem() })
    : new Map<string, string>();
  const result = new Map(settings);
  const [hba, ident] = [lost.get('pg_hba.conf'), lost.get('pg_ident.conf')];
  if (hba !== undefined) {
    const { database, replication } = await barmanRoles(host, call);
    const roles = [database, ...(replication === null ? [] : [replication])];
    result.set('pg_hba.conf', adoptedHba(liftedText(hba), liftedText(here.get('pg_hba.conf') ?? ''), roles));
  }
  if (ident !== undefined) result.set('pg_ident.conf', adoptedIdent(ident, here.get('pg_ident.conf') ?? ''));
  return result;
}

export function textHash(text: string): string {
  return createHash('sha256').update(Buffer.from(text, 'latin1')).digest('hex');
}
