/** Checks of a domain that call a function or operator of somebody in the database: whoever loads a value of it runs them. */
const runsCode = (
  domain: string,
  usesFunction: (dependent: string) => string,
): string => `EXISTS (SELECT FROM pg_constraint k
  WHERE k.contypid = ${domain} AND ${usesFunction(`e.classid = 'pg_constraint'::regclass AND e.objid = k.oid`)})`;

/** From a type to the one that is under its domains, with the modifier that the last of them has; `domains` on the way. */
const underDomains = (type: string): string => `(WITH RECURSIVE up (oid, base, modifier) AS (
    SELECT t0.oid, t0.typbasetype, t0.typtypmod FROM pg_type t0 WHERE t0.oid = ${type} AND t0.typtype = 'd'
    UNION ALL SELECT t1.oid, t1.typbasetype, t1.typtypmod FROM up JOIN pg_type t1 ON t1.oid = up.base AND t1.typtype = 'd')
  SELECT array_agg(up.oid) AS domains,
    (array_agg(up.base) FILTER (WHERE b.typtype <> 'd'))[1] AS base, (array_agg(up.modifier) FILTER (WHERE b.typtype <> 'd'))[1] AS modifier
  FROM up JOIN pg_type b ON b.oid = up.base)`;

/** Columns of a domain that runs code become columns of the type under it: the values are the same, and nothing is run for it. */
export const domainColumns = (
  usesFunction: (dependent: string) => string,
): string => `JOIN pg_attribute a ON a.attrelid = c.oid
    AND a.attnum > 0 AND NOT a.attisdropped
  CROSS JOIN LATERAL ${underDomains('a.atttypid')} u
  WHERE EXISTS (SELECT FROM unnest(u.domains) domain WHERE ${runsCode('domain', usesFunction)})`;

/**
 * The first column of a table whose arrays, rows or ranges hold such a domain: no other type has its values. Everything a type is made of
 * is looked at but the domains that the column itself is of.
 */
export const columnWithCodeSql = (
  table: string,
  usesFunction: (dependent: string) => string,
): string => `(SELECT a.attname
  FROM pg_attribute a CROSS JOIN LATERAL ${underDomains('a.atttypid')} u
  WHERE a.attrelid = ${table} AND a.attnum > 0 AND NOT a.attisdropped AND EXISTS (
    WITH RECURSIVE parts (oid) AS (
      SELECT coalesce(u.base, a.atttypid)
      UNION SELECT n.next FROM parts JOIN pg_type t ON t.oid = parts.oid CROSS JOIN LATERAL (
        SELECT t.typbasetype WHERE t.typtype = 'd'
        UNION ALL SELECT t.typelem WHERE t.typelem <> 0
        UNION ALL SELECT f.atttypid FROM pg_attribute f WHERE t.typtype = 'c' AND f.attrelid = t.typrelid AND f.attnum > 0 AND NOT f.attisdropped
        UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE r.rngtypid = t.oid
        UNION ALL SELECT r.rngtypid FROM pg_range r WHERE r.rngmultitypid = t.oid) n (next))
    SELECT FROM parts WHERE ${runsCode('parts.oid', usesFunction)})
  ORDER BY a.attnum LIMIT 1)`;
