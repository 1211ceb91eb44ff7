import { parseAutoConf } from './auto-conf.ts';
import { bytesOf, memorySetting } from './memory-setting.ts';

/** The text of each file below the directory of a cluster's configuration, by its name there; one character for each byte. */
export type ConfigurationFiles = ReadonlyMap<string, string>;

export interface Configurations {
  readonly lost: ConfigurationFiles;
  readonly here: ConfigurationFiles;
  /** Of this host. */
  readonly memoryBytes: number;
}

const main = 'postgresql.conf';

/**
 * Names of this host, its places, its certificates and whether it has any, and its way to Barman: another host's values would be wrong, or
 * another host's (config.sgml, 15–17). Nothing of what is adopted is a command that the server runs.
 */
const ofHost =
  /^(?:data_directory|hba_file|ident_file|external_pid_file|port|unix_socket_.*|bonjour.*|cluster_name|ssl|ssl_(?:.*_file|crl_dir|passphrase_command.*)|krb_server_keyfile|log_directory|stats_temp_directory|archive_(?:mode|command|library)|restore_command|archive_cleanup_command|recovery_.*|primary_.*|promote_trigger_file|synchronous_standby_names)$/;
/** An address of the lost host is none of this one. */
const anyAddress = /^(?:\*|0\.0\.0\.0|::|localhost)$/;

const head = '# What follows is of this host, not of the lost one, whose lines begin with "#lost ".';

/**
 * postgresql.conf and the files of conf.d as the lost host had them, with this host's own places, names and way to Barman, and with no more
 * memory than it has. Lines of the lost host that do not count are kept as comments. Pure.
 */
export function adoptedSettings({ lost, here, memoryBytes }: Configurations): Map<string, string> {
  const isOfHost = (name: string, value: string): boolean =>
    ofHost.test(name) || (name === 'listen_addresses' && !value.split(',').every((one) => anyAddress.test(one.trim())));
  const wanted = settingsOf(lost);
  const lines = [...settingsOf(here)].flatMap(([name, value]) =>
    isOfHost(name, wanted.get(name) ?? value) ? [`${name} = ${quoted(value)}`] : [],
  );
  const less = [...wanted].flatMap(([name, value]) => {
    const line = fitted(name, value, memoryBytes);
    return line === null ? [] : [[name, line] as const];
  });
  const changed = new Set(less.map(([name]) => name));
  const result = new Map<string, string>();
  for (const [file, text] of lost)
    result.set(
      file,
      withoutThem(text, (name, value) => changed.has(name) || isOfHost(name, value)),
    );
  const own = [...lines, ...less.map(([, line]) => line)].toSorted();
  const conf = result.get(main);
  if (conf !== undefined && own.length > 0)
    result.set(main, `${conf.replace(/\n*$/, '\n')}\n${[head, ...own].join('\n')}\n`);
  return result;
}

/** The last value of each setting; conf.d is read where postgresql.conf includes it, and what counts here is set in one place as a rule. */
function settingsOf(files: ConfigurationFiles): Map<string, string> {
  const names = [...files.keys()].toSorted((a, b) => Number(a !== main) - Number(b !== main) || (a < b ? -1 : 1));
  return new Map(
    names.flatMap((file) => parseAutoConf(files.get(file) ?? '').map(({ name, value }) => [name, value] as const)),
  );
}

function withoutThem(text: string, leaveOut: (name: string, value: string) => boolean): string {
  return text
    .split('\n')
    .map((line) => {
      const [setting] = parseAutoConf(line);
      return setting && leaveOut(setting.name, setting.value) ? `#lost ${line}` : line;
    })
    .join('\n');
}

/** Null: it fits. A server does not start without the memory of shared_buffers, and with huge_pages on not without such pages. */
function fitted(name: string, value: string, memoryBytes: number): string | null {
  if (name === 'huge_pages')
    return value.toLowerCase() === 'try' || /^(?:off|no|false|0)$/i.test(value) ? null : 'huge_pages = try';
  const share = { shared_buffers: { most: 0.4, instead: 0.25 }, effective_cache_size: { most: 0.9, instead: 0.5 } }[
    name
  ];
  const bytes = share === undefined ? null : bytesOf(value, 8192);
  if (share === undefined || bytes === null || bytes <= share.most * memoryBytes) return null;
  return `${name} = ${memorySetting(share.instead * memoryBytes)}`;
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
