import type { Result } from '@barback/shared/operations/index.ts';
import { parseInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import type { StandbyImportOptions } from '../../scenarios/standby-import.ts';
import type { Finding } from '../plan-document.ts';
import type { FindingCode } from './catalogue.ts';
import type { Found, Rule } from './rule.ts';

/** What an import is judged by. */
export interface ImportRuleFacts {
  readonly options: StandbyImportOptions;
  readonly look: Result<'import-look'>;
  readonly host: Pick<Result<'host-facts'>, 'filesystems' | 'freeBytesFloor' | 'live'>;
  readonly now: Micros;
}

/** Those of the source that neither the role may make nor anybody has made in the database that is replaced. */
export function extensionsOf({ source, into }: Result<'import-look'>) {
  const available = new Map(into.available.map((one) => [one.name, one.trusted]));
  const names = source.extensions.map(({ name }) => name);
  const untrusted = names.filter((name) => available.get(name) === false);
  return {
    missing: names.filter((name) => !available.has(name)),
    /** By the agent's superuser, because somebody has already made it here. */
    made: untrusted.filter((name) => into.extensions.includes(name)),
    refused: untrusted.filter((name) => !into.extensions.includes(name)),
  };
}

function blocking(code: FindingCode, title: string, detail: string, remedy: string): Found {
  return { code, severity: 'blocking', title, detail, remedy };
}

const databaseMissing: Rule<ImportRuleFacts> = ({ look: { into } }) =>
  into.oid !== null
    ? null
    : blocking(
        'import-database-missing',
        'There is no such database here',
        `The configuration says that ${into.database} is replaced, and this server has none of that name.`,
        `Correct imports.*.into.database in the agent's configuration, or make an empty one: createdb --owner=${into.role} ${into.database}`,
      );

const expired: Rule<ImportRuleFacts> = ({ look: { validUntil, source }, now }) => {
  const end = validUntil === null ? null : parseInstant(`${validUntil}T23:59:59.999999Z`);
  if (end === null || !end.ok || now <= end.micros) return null;
  return blocking(
    'import-expired',
    'The source was valid until an earlier day',
    `${source.host} was said to hold the former state until ${validUntil}.`,
    "Find out what it holds now. If it still is what is wanted, set validUntil in the agent's configuration anew.",
  );
};

const version: Rule<ImportRuleFacts> = ({ look: { source, toolsMajor } }) => {
  const major = Math.floor(source.versionNum / 10_000);
  if (major <= toolsMajor) return null;
  return blocking(
    'import-version',
    'The source is of a newer major version',
    `The source runs PostgreSQL ${source.version}; ${source.plain === null ? `pg_dump ${toolsMajor} of this server refuses it` : `what it writes may not be SQL for ${toolsMajor}`}.`,
    `Bring this server to PostgreSQL ${major} first.`,
  );
};

const plain: Rule<ImportRuleFacts> = ({ look: { source } }) => {
  if (source.plain === null) return null;
  const { faults, sha256 } = source.plain;
  const again =
    'pg_dump --no-owner --no-privileges --no-comments --no-publications --no-subscriptions --no-security-labels --file=FILE DATABASE';
  if (faults.length > 0) {
    return blocking(
      'import-plain-refused',
      'The plain dump must not be loaded',
      `Of ${source.host}: ${faults.join('; ')}.`,
      `Dump again: ${again}. Better: import from the server itself, and compare every row.`,
    );
  }
  return {
    code: 'import-plain',
    severity: 'warning',
    title: 'What a plain dump lacks, nobody can know',
    detail: `Its trailer is there and its rows are counted, but no server is asked whether these are all. SHA-256 of ${source.host}: ${sha256}.`,
    remedy: 'Compare the hash with the one that was taken where the dump was made; or import from the server itself.',
  };
};

const pooled: Rule<ImportRuleFacts> = ({ look: { source } }) =>
  source.pooled
    ? blocking(
        'import-pooled',
        'A connection pool is in front of the source',
        `Two connections to ${source.host}:${source.port} were one session of the server.`,
        "Name the server's own port in the agent's configuration (DigitalOcean: 25060, its pools are at 25061).",
      )
    : null;

const unreadable: Rule<ImportRuleFacts> = ({ look: { source } }) =>
  source.unreadable.length === 0
    ? null
    : blocking(
        'import-unreadable',
        'The role may not read everything',
        `${source.role} may not read ${listed(source.unreadable)}.`,
        `Grant it there: GRANT pg_read_all_data TO ${source.role}, or name another role.`,
      );

const role: Rule<ImportRuleFacts> = ({ look: { into } }) =>
  into.objections.length === 0
    ? null
    : blocking(
        'import-role',
        'Nothing can be loaded as the role',
        `${into.role}: ${into.objections.join('; ')}.`,
        'Name a LOGIN role without rights over the cluster that pg_hba.conf lets in on this host, with its passwordFile.',
      );

const roles: Rule<ImportRuleFacts> = ({ options, look: { source, into } }) => {
  if (options.privileges === 'drop') return null;
  const missing = source.grantees.filter((name) => !into.roles.includes(name));
  if (missing.length === 0) return null;
  return blocking(
    'import-role-missing',
    'Roles of the source are not here',
    `Privileges there are of ${listed(missing)}.`,
    'Make them here (CREATE ROLE), or plan with "privileges": "drop" in the options: then everything belongs to the role that loads.',
  );
};

const extensions: Rule<ImportRuleFacts> = ({ look }) => {
  const { missing, refused } = extensionsOf(look);
  return [
    ...(missing.length === 0
      ? []
      : [
          blocking(
            'import-extension-missing',
            'Extensions of the source are not installed here',
            `The source uses ${listed(missing)}.`,
            `Install their packages (Debian: apt install postgresql-${look.toolsMajor}-NAME), or drop them at the source.`,
          ),
        ]),
    ...(refused.length === 0
      ? []
      : [
          blocking(
            'import-extension-untrusted',
            'Extensions of the source need a superuser',
            `Nobody has made ${listed(refused)} in ${look.into.database}, and Barback makes nothing as a superuser because another host says so.`,
            `If they are wanted: CREATE EXTENSION in ${look.into.database}; then plan again.`,
          ),
        ]),
  ];
};

const encoding: Rule<ImportRuleFacts> = ({ look: { source, into } }) =>
  into.encoding === null || source.encoding === into.encoding
    ? null
    : {
        code: 'import-encoding',
        severity: 'confirm',
        title: 'The source has another encoding',
        detail: `The source is in ${source.encoding}, ${into.database} in ${into.encoding}; the fresh database is made like the latter.`,
        remedy:
          'What cannot be converted ends the load, and live is not touched. Plan again with "acknowledge": ["import-encoding"] in the options.',
      };

const subscriptions: Rule<ImportRuleFacts> = ({ look: { into } }) =>
  into.subscriptions.length === 0
    ? null
    : blocking(
        'import-subscriptions',
        'The database takes changes from another server',
        `${into.database} has the enabled subscriptions ${listed(into.subscriptions)}.`,
        'ALTER SUBSCRIPTION … DISABLE, then plan again: what was imported has none.',
      );

const leftOut: Rule<ImportRuleFacts> = ({ look: { source } }) =>
  source.eventTriggers.length === 0
    ? null
    : {
        code: 'import-left-out',
        severity: 'warning',
        title: 'Event triggers are not imported',
        detail: `Only a superuser makes ${listed(source.eventTriggers)}.`,
        remedy: 'Make them by hand afterwards, if they are wanted.',
      };

/** Always there: what an import is. */
const loss: Rule<ImportRuleFacts> = ({ look: { source, into } }) => ({
  code: 'import-loss',
  severity: 'warning',
  title: 'What was written here is not in the source',
  detail: `Everything in ${into.database} that ${source.host} does not have is gone from the application's view: all that was written since the two parted. The step load counts every table on both sides.`,
  remedy: `It is kept as ${into.database}_before_<plan>, and POST /v1/runs/{id}/undo brings it back.`,
});

/**
 * The dump and the fresh database lie beside live until the swap; the WAL of the load goes to Barman as well (T44), and so does the base backup
 * that ends the run.
 */
const space: Rule<ImportRuleFacts> = ({ look: { source }, host }) => {
  const fresh = Math.ceil(source.sizeBytes * 1.2);
  const cluster = host.live?.databases.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) ?? 0;
  const needs = { data: fresh, scratch: source.sizeBytes, barman: fresh + cluster + fresh };
  const devices = new Map<string, { place: Filesystem; needed: number; code: 'space' | 'space-barman' }>();
  for (const [name, bytes] of Object.entries(needs)) {
    const place = host.filesystems.find(({ role: of }) => of === name);
    if (place === undefined) continue;
    const code = name === 'barman' ? 'space-barman' : 'space';
    const known = devices.get(place.device) ?? { place, needed: 0, code };
    devices.set(place.device, { ...known, needed: known.needed + bytes });
  }
  return [...devices.values()].flatMap((one) => shortage(one, host.freeBytesFloor) ?? []);
};

type Filesystem = Result<'host-facts'>['filesystems'][number];

function shortage(
  { place, needed, code }: { place: Filesystem; needed: number; code: 'space' | 'space-barman' },
  floor: number,
): Found | null {
  if (place.freeBytes >= needed + floor) return null;
  return blocking(
    code,
    'There is not enough room for the import',
    `${place.device} (${place.role}) has ${place.freeBytes} bytes free; the import needs about ${needed} there, and ${floor} must remain.`,
    code === 'space'
      ? 'Free space, or set scratch.directory to a filesystem with room for the dump.'
      : 'Give Barman room for the WAL of the load and a base backup, or delete old backups.',
  );
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, 10).join(', ')}${names.length > 10 ? `, and ${names.length - 10} more` : ''}`;
}

const rules: readonly Rule<ImportRuleFacts>[] = [
  databaseMissing,
  expired,
  version,
  plain,
  pooled,
  unreadable,
  role,
  roles,
  extensions,
  encoding,
  subscriptions,
  leftOut,
  loss,
  space,
];

/** Pure. */
export function importFindings(facts: ImportRuleFacts): readonly Finding[] {
  return rules.flatMap((rule) => rule(facts) ?? []);
}
