import type { RelationFile } from '@barback/shared/postgres/relation-file.ts';

/** A relation as it was last seen in live's catalogue; it may be gone. */
export interface KnownRelation {
  readonly database: number;
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** As in pg_class. */
  readonly kind: string;
  /** The table that an index or a TOAST relation belongs to. */
  readonly owner: number | null;
  /** The planner's estimate. */
  readonly rows: number | null;
}

/** Names that were learned from live while it knew them. */
export interface RelationMemory {
  byFile(file: RelationFile): KnownRelation | undefined;
  byOid(database: number, oid: number): KnownRelation | undefined;
  /** Every file that the relation has had. */
  filesOf(relation: KnownRelation): readonly RelationFile[];
  databaseName(oid: number): string | undefined;
}
