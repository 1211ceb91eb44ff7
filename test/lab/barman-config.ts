import path from 'node:path';
import type { LabPostgres } from './lab.ts';
import { archives, streams, type Protection } from './protection.ts';

export interface BarmanSettings {
  readonly dir: string;
  readonly osUser: string;
  readonly postgres: LabPostgres;
  readonly protection: Protection;
  /** Lines that say how WAL is compressed. */
  readonly compression: readonly string[];
  /** How Barman reaches PostgreSQL's user, where its backup method needs that. */
  readonly sshCommand: string | null;
}

/** barman.conf of a lab: one server `main`, protected as asked, nothing shared with the machine's own Barman. */
export function barmanConfig(settings: BarmanSettings): string {
  const { dir, osUser, postgres, protection } = settings;
  const connection = `host=${conninfoValue(postgres.host)} port=${postgres.port}`;
  const streaming = [
    `streaming_conninfo = ${connection} user=streaming_barman`,
    ...(streams(protection) ? ['streaming_archiver = on', 'slot_name = barman', 'create_slot = auto'] : []),
  ];
  const needsStreaming = streams(protection) || protection.backupMethod === 'postgres';
  const server = [
    'description = Lab',
    `conninfo = ${connection} user=barman dbname=postgres application_name=barman`,
    `backup_method = ${protection.backupMethod}`,
    ...(settings.sshCommand === null ? [] : [`ssh_command = ${settings.sshCommand}`]),
    ...(needsStreaming ? streaming : []),
    ...(archives(protection) ? ['archiver = on'] : []),
    ...settings.compression,
    `path_prefix = ${postgres.binDir}`,
  ];
  return `[barman]
barman_user = ${osUser}
configuration_files_directory = ${path.join(dir, 'conf.d')}
barman_home = ${path.join(dir, 'home')}
barman_lock_directory = ${path.join(dir, 'lock')}
log_file = ${path.join(dir, 'barman.log')}
log_level = INFO

[main]
${server.join('\n')}
`;
}

function conninfoValue(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
