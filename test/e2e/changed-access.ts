import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';

/** What the backup does not have. */
export async function changeAccess(lab: Lab): Promise<void> {
  await sql(lab.postgres, "CREATE ROLE clerk LOGIN PASSWORD 'one'");
  await sql(lab.postgres, 'GRANT pg_read_all_data TO clerk');
  await sql(lab.postgres, "ALTER ROLE barman PASSWORD 'two'");
  await sql(lab.postgres, 'CREATE EXTENSION pg_trgm');
}

export const changedAccess = [
  { what: 'role', name: 'clerk', copy: null, live: 'inherit canlogin connections -1' },
  { what: 'password', name: 'barman', copy: null, live: 'set' },
  { what: 'password', name: 'clerk', copy: null, live: 'set' },
  { what: 'membership', name: 'clerk in pg_read_all_data', copy: null, live: 'member' },
  { what: 'extension', name: 'system.pg_trgm', copy: null, live: '1.6' },
];
