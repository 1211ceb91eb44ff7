import { z } from 'zod';
import { identifier, literal } from './sql-quote.ts';

/** The verifier as pg_authid stores it (`SCRAM-SHA-256$…`, `md5…`); null: no password. */
const credentialSchema = z.strictObject({
  role: z.string(),
  password: z.string().nullable(),
  /** UTC with µs; null: for ever. */
  validUntil: z.string().nullable(),
  login: z.boolean(),
  /** Everything else that the role may do by its attributes, as one word. */
  rights: z.string(),
});

export const credentialsSchema = z.array(credentialSchema);
export type Credential = z.infer<typeof credentialSchema>;
export type Difference = 'password' | 'valid-until' | 'login' | 'rights';

/** Roles of people and programs: PostgreSQL's own begin with pg_ and cannot be given a password. */
export const credentialsSql = `SELECT coalesce(json_agg(json_build_object('role', rolname, 'password', rolpassword,
  'validUntil', CASE WHEN isfinite(rolvaliduntil) THEN to_char(rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00' END,
  'login', rolcanlogin, 'rights', concat_ws(' ', rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolconnlimit))
  ORDER BY rolname), '[]') FROM pg_authid WHERE rolname !~ '^pg_';`;

export interface Changed {
  readonly role: string;
  readonly what: readonly Difference[];
}

export interface CredentialDifferences {
  readonly changed: readonly Changed[];
  readonly onlyLive: readonly string[];
  readonly onlyCopy: readonly string[];
}

/** What of the copy's roles is not as live has it now. Pure. */
export function compareCredentials(live: readonly Credential[], copy: readonly Credential[]): CredentialDifferences {
  const there = new Map(copy.map((one) => [one.role, one]));
  const here = new Set(live.map((one) => one.role));
  return {
    changed: live.flatMap((one) => {
      const other = there.get(one.role);
      const what = other ? differences(one, other) : [];
      return what.length === 0 ? [] : [{ role: one.role, what }];
    }),
    onlyLive: live.filter((one) => !there.has(one.role)).map((one) => one.role),
    onlyCopy: copy.filter((one) => !here.has(one.role)).map((one) => one.role),
  };
}

function differences(live: Credential, copy: Credential): Difference[] {
  const found: Difference[] = [];
  if (live.password !== copy.password) found.push('password');
  if (live.validUntil !== copy.validUntil) found.push('valid-until');
  if (live.login !== copy.login) found.push('login');
  if (live.rights !== copy.rights) found.push('rights');
  return found;
}

/** Roles of both sides whose password, validity or right to log in differ. Pure. */
export function credentialsToCarry(live: readonly Credential[], copy: readonly Credential[]): Credential[] {
  const { changed } = compareCredentials(live, copy);
  const roles = new Set(changed.filter((one) => one.what.some((what) => what !== 'rights')).map((one) => one.role));
  return live.filter((one) => roles.has(one.role));
}

/**
 * Sets them in one transaction; a verifier is stored as it is (user.c, encrypt_password, 10–18). No statement reaches a log or an
 * error's context, because it holds what passwords are checked by.
 */
export function carryCredentialsScript(credentials: readonly Credential[]): string {
  const statements = credentials.map(({ role, password, validUntil, login }) => {
    const word = password === null ? 'NULL' : literal(password);
    const until = literal(validUntil ?? 'infinity');
    return `ALTER ROLE ${identifier(role)} ${login ? 'LOGIN' : 'NOLOGIN'} PASSWORD ${word} VALID UNTIL ${until};`;
  });
  return [
    '\\set VERBOSITY terse',
    'BEGIN;',
    "SET LOCAL log_min_error_statement = 'panic';",
    "SET LOCAL log_statement = 'none';",
    'SET LOCAL log_min_duration_statement = -1;',
    ...statements,
    'COMMIT;',
    '',
  ].join('\n');
}
