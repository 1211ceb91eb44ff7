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

/** Sends SIGINT to receive-wal and waits for its end, up to 10 s (3.4.0, process.py). */
export function receiveWalStopArguments(server: string): string[] {
  return ['-f', 'json', 'receive-wal', '--stop', server];
}

/** Starts receive-wal and archive-wal of every server in the background, as the host's cron does each minute (3.4.0, server.py). */
export const cronArguments = ['-q', 'cron'] as const;

export function archiveWalArguments(server: string): string[] {
  return ['-f', 'json', 'archive-wal', server];
}

/**
 * Not `--wait`, which never returns on an idle database: the last segment stays in `streaming/` until WAL follows (3.13.3). Without
 * `--immediate-checkpoint` most of the time is spent waiting for a spread checkpoint.
 */
export function backupArguments(server: string, name: string): string[] {
  return ['-f', 'json', 'backup', '--immediate-checkpoint', '--name', name, server];
}

/** Makes a backup that waits for WAL DONE, or FAILED when a segment of it is missing (3.4.0, backup.py). */
export function checkBackupArguments(server: string, backupId: string): string[] {
  return ['-f', 'json', 'check-backup', server, backupId];
}

export function deleteArguments(server: string, backupId: string): string[] {
  return ['-f', 'json', 'delete', server, backupId];
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
