import { z } from 'zod';

/** Predefined roles whose members reach files, programs or other sessions (PostgreSQL 11+). */
const dangerous = [
  'pg_execute_server_program',
  'pg_write_server_files',
  'pg_read_server_files',
  'pg_signal_backend',
  'pg_write_all_data',
  'pg_checkpoint',
  'pg_create_subscription',
  'pg_maintain',
];

export const roleSchema = z.strictObject({
  exists: z.boolean(),
  login: z.boolean(),
  superuser: z.boolean(),
  createRole: z.boolean(),
  createDb: z.boolean(),
  replication: z.boolean(),
  bypassRls: z.boolean(),
  memberOf: z.array(z.string()),
});

export type RoleFacts = z.infer<typeof roleSchema>;

/** What the role may do; its name comes from the agent's configuration, which allows letters, digits and _ only. */
export function roleSql(role: string): string {
  const list = dangerous.map((name) => `'${name}'`).join(', ');
  const flag = (column: string) => `coalesce((SELECT ${column} FROM pg_roles WHERE rolname = '${role}'), false)`;
  return `SELECT json_build_object('exists', EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}'),
    'login', ${flag('rolcanlogin')}, 'superuser', ${flag('rolsuper')}, 'createRole', ${flag('rolcreaterole')},
    'createDb', ${flag('rolcreatedb')}, 'replication', ${flag('rolreplication')}, 'bypassRls', ${flag('rolbypassrls')},
    'memberOf', coalesce((SELECT json_agg(g.rolname ORDER BY g.rolname) FROM pg_roles g, pg_roles r
      WHERE r.rolname = '${role}' AND g.oid <> r.oid AND pg_has_role(r.oid, g.oid, 'MEMBER')
        AND (g.rolsuper OR g.rolname IN (${list}))), '[]'));`;
}

/** Makes the role in a promoted copy: it may read every table and nothing else. */
export function createRoleSql(role: string): string {
  return `CREATE ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION; GRANT pg_read_all_data TO ${role};`;
}

/** Why given SQL must not run as this role (T5); empty when it may. */
export function roleObjections(role: RoleFacts): string[] {
  const objections: string[] = [];
  if (!role.login) objections.push('it cannot log in');
  if (role.superuser) objections.push('it is a superuser');
  if (role.createRole) objections.push('it may create roles');
  if (role.createDb) objections.push('it may create databases');
  if (role.replication) objections.push('it may replicate');
  if (role.memberOf.length > 0) objections.push(`it is a member of ${role.memberOf.join(', ')}`);
  return objections;
}
