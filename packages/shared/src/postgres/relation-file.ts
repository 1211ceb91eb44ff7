import { z } from 'zod';

/** A relation's main file as WAL names it: tablespace OID, database OID (0 for shared catalogues), file number. */
export type RelationFile = string;

export const relationFileSchema = z.string().regex(/^\d{1,10}\/\d{1,10}\/\d{1,10}$/, 'expected e.g. 1663/16384/16402');

/** OIDs of the two tablespaces that every cluster has (PostgreSQL, pg_tablespace.dat). */
const defaultTablespace = '1663';
const globalTablespace = '1664';

/**
 * The file in a path as PostgreSQL prints it in WAL descriptions: `base/D/F`, `global/F`, `pg_tblspc/T/PG_…/D/F` (relpath.c);
 * undefined for other forks (`_fsm`, `_vm`, `_init`) and for anything else.
 */
export function relationFileOf(path: string): RelationFile | undefined {
  const base = /^base\/(\d+)\/(\d+)$/.exec(path);
  if (base) return `${defaultTablespace}/${base[1]}/${base[2]}`;
  const shared = /^global\/(\d+)$/.exec(path);
  if (shared) return `${globalTablespace}/0/${shared[1]}`;
  const elsewhere = /^pg_tblspc\/(\d+)\/PG_[^/]+\/(\d+)\/(\d+)$/.exec(path);
  return elsewhere ? `${elsewhere[1]}/${elsewhere[2]}/${elsewhere[3]}` : undefined;
}

/** The database of a file and its number in it. */
export function partsOfFile(file: RelationFile): { readonly database: number; readonly number: number } {
  const [, database = '0', number = '0'] = file.split('/');
  return { database: Number(database), number: Number(number) };
}
