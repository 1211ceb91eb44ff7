import type { Difference } from '@barback/shared/operations/scratch-compare.ts';
import { z } from 'zod';

const entriesSchema = z.record(z.string(), z.string());

/** What belongs to the whole cluster, by name; passwords only as digests with a salt that nobody else knows. */
export const clusterInventorySchema = z.strictObject({
  role: entriesSchema,
  password: entriesSchema,
  membership: entriesSchema,
  database: entriesSchema,
});

export const extensionsSchema = entriesSchema;

export interface Inventory extends z.infer<typeof clusterInventorySchema> {
  readonly extension: Readonly<Record<string, string>>;
}

/**
 * Roles that PostgreSQL itself makes differ with its version only. The stored password (a SCRAM verifier or an MD5 hash) does not
 * leave the server: what does is a digest of it with a salt of this one comparison.
 */
export function clusterInventorySql(salt: string): string {
  if (!/^[0-9a-f]{64}$/.test(salt)) throw new Error('cannot use a salt that is not 32 bytes in hexadecimal');
  const flags = ['super', 'inherit', 'createrole', 'createdb', 'canlogin', 'replication', 'bypassrls'];
  const flag = flags.map((name) => `CASE WHEN rol${name} THEN '${name}' END`).join(', ');
  return `SELECT json_build_object(
    'role', (SELECT coalesce(json_object_agg(rolname, concat_ws(' ', ${flag}, 'connections ' || rolconnlimit,
      'valid until ' || rolvaliduntil)), '{}') FROM pg_roles WHERE rolname !~ '^pg_'),
    'password', (SELECT coalesce(json_object_agg(rolname, encode(sha256(convert_to('${salt}' || rolpassword, 'UTF8')), 'hex')), '{}')
      FROM pg_authid WHERE rolpassword IS NOT NULL),
    'membership', (SELECT coalesce(json_object_agg(format('%s in %s', member, role), option), '{}') FROM (SELECT m.rolname AS member,
        g.rolname AS role, CASE WHEN bool_or(admin_option) THEN 'with admin option' ELSE 'member' END AS option FROM pg_auth_members
        JOIN pg_roles m ON m.oid = member JOIN pg_roles g ON g.oid = roleid GROUP BY 1, 2) each),
    'database', (SELECT coalesce(json_object_agg(datname, concat_ws(' ', 'owner ' || pg_get_userbyid(datdba),
      pg_encoding_to_char(encoding), datcollate, datctype, CASE WHEN NOT datallowconn THEN 'no connections' END)), '{}')
      FROM pg_database));`;
}

/** Of the database that is asked, as `DATABASE.EXTENSION`. */
export const extensionsSql = `SELECT coalesce(json_object_agg(format('%s.%s', current_database(), extname), extversion), '{}')
  FROM pg_extension;`;

const kinds = ['role', 'password', 'membership', 'database', 'extension'] as const;

/** Everything that one of them has and the other has not, or not so; a role of Barback's own is left out. */
export function differencesOf(copy: Inventory, live: Inventory, ownRole: string): Difference[] {
  return kinds.flatMap((what) => {
    const names = [...new Set([...Object.keys(copy[what]), ...Object.keys(live[what])])].toSorted();
    return names
      .filter((name) => copy[what][name] !== live[what][name] && !isOf(ownRole, what, name))
      .map((name) => ({ what, name, copy: shown(what, copy[what][name]), live: shown(what, live[what][name]) }));
  });
}

/** A copy that lacked the probe's role was given it. */
function isOf(role: string, what: Difference['what'], name: string): boolean {
  return (
    ((what === 'role' || what === 'password') && name === role) ||
    (what === 'membership' && name.startsWith(`${role} in `))
  );
}

/** Of a password only whether there is one: two that are there differ. */
function shown(what: Difference['what'], value: string | undefined): string | null {
  if (value === undefined) return null;
  return what === 'password' ? 'set' : value;
}
