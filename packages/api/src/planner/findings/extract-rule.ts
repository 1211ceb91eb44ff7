import { extractTablesSchema } from '@barback/shared/operations/extract.ts';
import type { Target } from '@barback/shared/postgres/target.ts';
import type { Rule } from './rule.ts';

/** What the transaction took away that a restore of live undoes first. */
export interface Destroyed {
  readonly xid: number;
  readonly database: string;
  /** As `schema.table`. */
  readonly tables: readonly string[];
  /** Of the restore. */
  readonly target: Target;
}

/** Most incidents are one table, and a table can be had back without an outage (T37). */
export const extractInstead: Rule<{ readonly server: string; readonly destroyed: Destroyed | null }> = ({
  server,
  destroyed,
}) => {
  if (destroyed === null || !extractTablesSchema.safeParse(destroyed.tables).success) return null;
  const { xid, database, tables, target } = destroyed;
  const options = { database, tables, into: { schema: 'restored' } };
  return {
    code: 'extract-instead',
    severity: 'info',
    title: 'These tables can be had back without an outage',
    detail: `Transaction ${xid} took rows or all of ${tables.join(', ')} (database ${database}). A restore of live undoes everything that was written since as well.`,
    remedy: `To get them back beside what is there: POST /v1/plans ${JSON.stringify({ server, scenario: 'extract', target, options })}`,
  };
};
