import { isSecretFile, redact } from './redact.ts';

/** A file that was found on the host; one character for each byte. */
export interface VaultFile {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly text: string;
  /** Named as a secret, whatever is in it. */
  readonly isSecret: boolean;
}

export interface LeftOut {
  readonly path: string;
  readonly why: 'secret' | 'unreadable' | 'too-large' | 'too-many';
}

/** What goes to the box in clear, what is sealed, and what of each file is where. */
export interface VaultContents {
  readonly clear: readonly VaultFile[];
  readonly sealed: readonly VaultFile[];
  readonly leftOut: readonly LeftOut[];
  readonly entries: readonly VaultEntry[];
}

export interface VaultEntry {
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits, octal. */
  readonly mode: string;
  /** `whole` in clear; `redacted`: without lines that hold secrets; `sealed`: nothing of it in clear. */
  readonly inClear: 'whole' | 'redacted' | 'none';
  /** Whether the whole file is in what is encrypted. */
  readonly sealed: boolean;
}

/** Whatever holds a secret is in clear without it, and as a whole among what is sealed, or nowhere when nobody can open that. Pure. */
export function vaultContents(files: readonly VaultFile[], { canSeal }: { readonly canSeal: boolean }): VaultContents {
  const clear: VaultFile[] = [];
  const sealed: VaultFile[] = [];
  const leftOut: LeftOut[] = [];
  const entries = files.map((file): VaultEntry => {
    const isSecret = file.isSecret || isSecretFile(file.path, file.text);
    const { text, lines } = redact(file.text);
    const holdsSecret = isSecret || lines > 0;
    if (!isSecret) clear.push({ ...file, text });
    if (holdsSecret && canSeal) sealed.push(file);
    if (holdsSecret && !canSeal) leftOut.push({ path: file.path, why: 'secret' });
    return {
      path: file.path,
      uid: file.uid,
      gid: file.gid,
      mode: file.mode.toString(8).padStart(4, '0'),
      inClear: isSecret ? 'none' : lines > 0 ? 'redacted' : 'whole',
      sealed: holdsSecret && canSeal,
    };
  });
  return { clear, sealed, leftOut, entries };
}

export const sealedName = 'secrets.tar.age';

/** For whoever has the box and nothing else. */
export function vaultReadme(server: string, hasSealed: boolean): string {
  return [
    `What a new host of the PostgreSQL server "${server}" needs besides Barman's files, taken at the time that this directory is named by.`,
    '',
    'files/         configuration, at the paths that it had; lines that hold secrets say <left out by barback>',
    'index.json     owner, group and mode of each file, and what is not here, and why',
    'facts.json     databases, extensions, roles, tablespaces, versions',
    'packages.txt   installed packages and versions    locales.txt, sysctl.txt   what it says',
    ...(hasSealed
      ? [`${sealedName}   everything that holds a secret: age --decrypt --identity KEY ${sealedName} | tar --extract`]
      : []),
    '',
  ].join('\n');
}

export const vaultVersionPattern = /^\d{8}T\d{6}Z$/;

/** `20261127T141454Z` of `2026-11-27T14:14:54.123456Z`. */
export function vaultVersion(instant: string): string {
  return `${instant.slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}
