/** Arguments after Barman's own argv of the configuration; every function is data, tested by equality. */
export const versionArguments = ['--version'] as const;

export function listBackupArguments(server: string): string[] {
  return ['-f', 'json', 'list-backup', server];
}

/** Without `-f json`: diagnose prints JSON by itself, and with it a string inside `_INFO` (3.4.0). */
export const diagnoseArguments = ['diagnose'] as const;

export function checkArguments(server: string): string[] {
  return ['-f', 'json', 'check', server];
}

export function keepStatusArguments(server: string, backupId: string): string[] {
  return ['-f', 'json', 'keep', '--status', server, backupId];
}

export function keepArguments(server: string, backupId: string, target: 'full' | 'standalone'): string[] {
  return ['-f', 'json', 'keep', '--target', target, server, backupId];
}

export function keepReleaseArguments(server: string, backupId: string): string[] {
  return ['-f', 'json', 'keep', '--release', server, backupId];
}

export interface RecoverOptions {
  readonly server: string;
  readonly backupId: string;
  readonly timeline: number;
  readonly jobs: number;
  readonly bandwidthKBps: number | null;
  readonly tablespaces: readonly { readonly name: string; readonly directory: string }[];
  readonly destination: string;
}

/**
 * `recover` of the base backup alone: with an explicit `--get-wal` Barman copies no WAL, whatever `recovery_options` say, so
 * neither its choice by file time (3.4–3.10) nor the whole chain of `--target-immediate` matters (T7).
 */
export function recoverArguments(options: RecoverOptions): string[] {
  return [
    '-f',
    'json',
    'recover',
    '--get-wal',
    '--target-tli',
    String(options.timeline),
    '--jobs',
    String(options.jobs),
    ...(options.bandwidthKBps === null ? [] : ['--bwlimit', String(options.bandwidthKBps)]),
    ...options.tablespaces.flatMap((one) => ['--tablespace', `${one.name}:${one.directory}`]),
    options.server,
    options.backupId,
    options.destination,
  ];
}
