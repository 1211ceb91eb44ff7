import type { VaultFile, LeftOut } from '../mirror/vault-contents.ts';
import {
  barmanConfigurationFiles,
  dataDirectoryPlaces,
  homePlaces,
  hostPlaces,
  namedByBarman,
  type VaultPlace,
} from '../mirror/vault-places.ts';
import { clusterSchema, clusterSql, extensionsSchema, extensionsSql } from '../postgres/vault-sql.ts';
import { lookUpUser, rightsOf } from '../system/users.ts';
import { askIfAnswering } from './ask-live.ts';
import { childArgv, configurationFile } from './child-argv.ts';
import { clusterDirectory, isWithin } from './cluster-configuration.ts';
import { execute, executeOk } from './execute.ts';
import { filesAnswerSchema, type FilesRequest } from './files-request.ts';
import type { Call, Host } from './handler.ts';

const limits = { fileBytesMax: 1024 ** 2, filesMax: 2000 };
/** Each is asked over a connection of its own. */
const databasesAskedMax = 50;

export interface Collected {
  readonly files: readonly VaultFile[];
  readonly leftOut: readonly LeftOut[];
  /** Text files of the vault's own, by name. */
  readonly reports: readonly (readonly [name: string, text: string])[];
}

/** Reads everything that the vault is made of; live that is stopped has no facts, and is still worth a vault. */
export async function collectVault(host: Host, call: Call): Promise<Collected> {
  return { ...(await collectFiles(host, call)), reports: await reportsOf(host, call) };
}

/** Each with the rights of the user whose it is. */
export async function collectFiles(host: Host, call: Call): Promise<Pick<Collected, 'files' | 'leftOut'>> {
  const read = await readAll(host, call);
  const byPath = new Map(read.flatMap(({ files }) => files).map((one) => [one.path, one]));
  return {
    files: [...byPath.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    leftOut: read.flatMap(({ leftOut }) => leftOut),
  };
}

interface Reading {
  readonly user: string | null;
  readonly places: readonly VaultPlace[];
  readonly secrets: readonly VaultPlace[];
}

type Read = Pick<Collected, 'files' | 'leftOut'>;

async function readAll(host: Host, call: Call): Promise<Read[]> {
  const { barman, mirror, postgres } = host.server;
  const barmanHome = (await lookUpUser(barman.user ?? null)).home;
  const postgresHome = (await lookUpUser(postgres.user ?? null)).home;
  const configured = (files: readonly string[] = []): VaultPlace[] => files.map((one) => ({ path: one }));
  const [ofBarman, ...others] = await Promise.all(
    [
      {
        user: barman.user ?? null,
        places: [...configured(barmanConfigurationFiles(barman.argv, barmanHome)), { path: '/etc/barman.d' }],
        secrets: homePlaces(barmanHome),
      },
      {
        user: postgres.user ?? null,
        places: [...clusterPlaces(host), { path: '/etc/pgbouncer' }],
        secrets: homePlaces(postgresHome),
      },
      {
        user: null,
        places: [...hostPlaces, { path: configurationFile() }, ...configured(mirror?.vault.files)],
        secrets: configured(mirror?.vault.secretFiles),
      },
    ].map((one) => readFiles(one, call)),
  );
  const named = namedByBarman((ofBarman?.files ?? []).map(({ text }) => text).join('\n'));
  const further = { user: barman.user ?? null, places: configured(named.files), secrets: configured(named.secrets) };
  const isNew = further.places.some((one) => one.path !== '/etc/barman.d') || further.secrets.length > 0;
  return [...(ofBarman ? [ofBarman] : []), ...others, ...(isNew ? [await readFiles(further, call)] : [])];
}

/** Its own directory, and what lies in the data directory. */
function clusterPlaces(host: Host): VaultPlace[] {
  const { dataDirectory, hbaFile } = host.server.postgres;
  const directory = clusterDirectory(host);
  const isSeparate = directory !== undefined && !isWithin(dataDirectory, directory);
  return [
    ...(isSeparate ? [{ path: directory }] : dataDirectoryPlaces(directory ?? dataDirectory)),
    ...dataDirectoryPlaces(dataDirectory),
    ...(hbaFile === undefined ? [] : [{ path: hbaFile }]),
  ];
}

async function readFiles({ user, places, secrets }: Reading, call: Call): Promise<Read> {
  const wanted = [...places, ...secrets].map(({ path: place, startingWith }) => ({
    path: place,
    ...(startingWith === undefined ? {} : { startingWith: [...startingWith] }),
  }));
  const request: FilesRequest = { drop: await rightsOf(user), wanted, ...limits };
  const program = {
    argv: childArgv('files'),
    user: null,
    stdin: JSON.stringify(request),
    timeoutMs: 120_000,
    background: true,
    outputBytesMax: 256 * 1024 ** 2,
  };
  const answer = filesAnswerSchema.parse(JSON.parse((await executeOk(program, call.signal, 'internal')).stdout));
  const isSecret = (file: string): boolean => secrets.some((one) => isWithin(file, one.path));
  return {
    files: answer.files.map(({ content, ...file }) => ({
      ...file,
      text: Buffer.from(content, 'base64').toString('latin1'),
      isSecret: isSecret(file.path),
    })),
    leftOut: answer.unread,
  };
}

/** What programs of the system say; '' where one is not there. */
export async function systemReports(call: Call): Promise<Record<'packages' | 'locales' | 'kernel' | 'glibc', string>> {
  const [packages, locales, kernel, glibc] = await Promise.all([
    printed(['/usr/bin/dpkg-query', '--show', '--showformat=${binary:Package} ${Version} ${db:Status-Abbrev}\n'], call),
    printed(['/usr/bin/locale', '--all-locales'], call),
    printed(
      [
        '/usr/sbin/sysctl',
        '--ignore',
        '--pattern',
        String.raw`^(vm\.(overcommit|nr_huge|swappiness|dirty_)|kernel\.(shm|sem))`,
        '--all',
      ],
      call,
    ),
    printed(['/usr/bin/getconf', 'GNU_LIBC_VERSION'], call),
  ]);
  return { packages, locales, kernel, glibc };
}

async function reportsOf(host: Host, call: Call): Promise<Collected['reports']> {
  const [cluster, { packages, locales, kernel, glibc }] = await Promise.all([
    clusterFacts(host, call),
    systemReports(call),
  ]);
  const facts = { server: host.serverName, barmanServer: host.server.barman.server, glibc: glibc.trim(), cluster };
  return [
    ['facts.json', `${JSON.stringify(facts, null, 1)}\n`],
    ['packages.txt', packages],
    ['locales.txt', locales],
    ['sysctl.txt', kernel],
  ];
}

async function clusterFacts(host: Host, call: Call): Promise<unknown> {
  const cluster = await askIfAnswering(host, { sql: clusterSql }, clusterSchema, call);
  if (cluster === null) return null;
  const asked = cluster.databases.filter(({ connects }) => connects).slice(0, databasesAskedMax);
  const extensions: Record<string, unknown> = {};
  for (const { name } of asked) {
    extensions[name] = await askIfAnswering(host, { sql: extensionsSql, database: name }, extensionsSchema, call);
  }
  return { ...cluster, extensions };
}

/** What a program of the system prints; '' where it is not there or cannot say. */
async function printed(argv: readonly string[], call: Call): Promise<string> {
  try {
    const outcome = await execute({ argv, user: null, timeoutMs: 60_000, outputBytesMax: 16 * 1024 ** 2 }, call.signal);
    return outcome.exitCode === 0 ? outcome.stdout : '';
  } catch (error) {
    if (call.signal.aborted) throw error;
    call.log(`${argv[0]} cannot be asked: ${error instanceof Error ? error.message : String(error)}`);
    return '';
  }
}
