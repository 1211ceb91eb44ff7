import path from 'node:path';
import type { LabPostgres } from './lab.ts';

/** barman.conf of a lab: one server `main`, streamed through a slot, nothing shared with the machine's own Barman. */
export function barmanConfig(dir: string, osUser: string, postgres: LabPostgres): string {
  const connection = `host=${conninfoValue(postgres.host)} port=${postgres.port}`;
  return `[barman]
barman_user = ${osUser}
configuration_files_directory = ${path.join(dir, 'conf.d')}
barman_home = ${path.join(dir, 'home')}
barman_lock_directory = ${path.join(dir, 'lock')}
log_file = ${path.join(dir, 'barman.log')}
log_level = INFO

[main]
description = Lab
conninfo = ${connection} user=barman dbname=postgres application_name=barman
streaming_conninfo = ${connection} user=streaming_barman
backup_method = postgres
streaming_archiver = on
slot_name = barman
create_slot = auto
path_prefix = ${postgres.binDir}
`;
}

function conninfoValue(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
