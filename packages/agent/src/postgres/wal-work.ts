import type { RelationFile } from '@barback/shared/postgres/relation-file.ts';
import type { WalWork } from '@barback/shared/operations/wal-index.ts';

/** Longest lists that are kept of one transaction. */
const listMax = 64;

type ListName = 'created' | 'removed' | 'dropped' | 'locked' | 'databases';

const structural: readonly ListName[] = ['removed', 'dropped', 'databases'];

interface RowCounts {
  file: RelationFile;
  deleted: number;
  updated: number;
}

/**
 * What one transaction, or subtransaction, has done so far. There is one for every transaction that changes a row, so what
 * few need is made when it is needed, and `clear` lets it be used again.
 */
export class Work {
  readonly #rows: RowCounts[] = [];
  #files: Map<RelationFile, RowCounts> | null = null;
  #otherRows: RowCounts | null = null;
  #catalogues: Map<number, number> | null = null;
  #lists: Map<ListName, Set<string>> | null = null;
  #cut = false;
  #rowCount = 0;
  #deletesRows = false;

  static from(kept: WalWork): Work {
    const work = new Work();
    work.addWork(kept);
    return work;
  }

  clear(): void {
    this.#rows.length = 0;
    this.#files = null;
    this.#otherRows = null;
    this.#catalogues = null;
    this.#lists = null;
    this.#cut = false;
    this.#rowCount = 0;
    this.#deletesRows = false;
  }

  /** Rows of user relations, deleted and updated. */
  get rows(): number {
    return this.#rowCount;
  }

  get deletesRows(): boolean {
    return this.#deletesRows;
  }

  /** Whether it did more than change rows. */
  get changesStructure(): boolean {
    const lists = this.#lists;
    return this.#catalogues !== null || (lists !== null && structural.some((list) => lists.has(list)));
  }

  /** Whether names of relations may have changed. */
  get changesSchema(): boolean {
    const lists = this.#lists;
    return this.#catalogues !== null || (lists !== null && (lists.has('created') || lists.has('dropped')));
  }

  addRow(file: RelationFile, what: 'deleted' | 'updated', count = 1): void {
    this.#countsOf(file)[what] += count;
    this.#rowCount += count;
    if (what === 'deleted') this.#deletesRows = true;
  }

  addCatalogue(oid: number, changed = 1): void {
    this.#catalogues ??= new Map();
    this.#catalogues.set(oid, (this.#catalogues.get(oid) ?? 0) + changed);
  }

  addFile(list: 'created' | 'removed', file: RelationFile): void {
    this.#add(list, file);
  }

  addObject(list: 'dropped' | 'locked', object: { readonly database: number; readonly oid: number }): void {
    this.#add(list, `${object.database}/${object.oid}`);
  }

  addDatabase(oid: number, what: 'created' | 'dropped'): void {
    this.#add('databases', `${oid}/${what}`);
  }

  /** The counts are lower bounds from here on. */
  cut(): void {
    this.#cut = true;
  }

  addWork(other: WalWork): void {
    for (const { file, deleted, updated } of [...other.rows, { file: otherFiles, ...other.otherRows }]) {
      if (deleted > 0) this.addRow(file, 'deleted', deleted);
      if (updated > 0) this.addRow(file, 'updated', updated);
    }
    for (const one of other.catalogues) this.addCatalogue(one.oid, one.changed);
    for (const list of ['created', 'removed'] as const) {
      for (const file of other[list]) this.addFile(list, file);
    }
    for (const list of ['dropped', 'locked'] as const) {
      for (const object of other[list]) this.addObject(list, object);
    }
    for (const one of other.databases) this.addDatabase(one.oid, one.what);
    if (other.atLeast) this.#cut = true;
  }

  summary(): WalWork {
    const { deleted, updated } = this.#otherRows ?? { deleted: 0, updated: 0 };
    return {
      rows: this.#rows.map((one) => ({ ...one })),
      otherRows: { deleted, updated },
      catalogues: [...(this.#catalogues ?? [])].map(([oid, changed]) => ({ oid, changed })),
      created: this.#list('created'),
      removed: this.#list('removed'),
      dropped: this.#list('dropped').map(objectOf),
      locked: this.#list('locked').map(objectOf),
      databases: this.#list('databases').map((text) => {
        const [oid, what] = text.split('/');
        return { oid: Number(oid), what: what === 'created' ? 'created' : 'dropped' };
      }),
      atLeast: this.#cut,
    };
  }

  /** A handful of files is found faster by looking than by hashing. */
  #countsOf(file: RelationFile): RowCounts {
    if (file === otherFiles) return this.#others();
    if (this.#files === null) {
      for (const one of this.#rows) if (one.file === file) return one;
    } else {
      const known = this.#files.get(file);
      if (known) return known;
    }
    if (this.#rows.length >= listMax) return this.#others();
    const fresh = { file, deleted: 0, updated: 0 };
    this.#rows.push(fresh);
    if (this.#files !== null) this.#files.set(file, fresh);
    else if (this.#rows.length > 8) this.#files = new Map(this.#rows.map((one) => [one.file, one]));
    return fresh;
  }

  #others(): RowCounts {
    this.#otherRows ??= { file: otherFiles, deleted: 0, updated: 0 };
    return this.#otherRows;
  }

  #list(name: ListName): string[] {
    return [...(this.#lists?.get(name) ?? [])];
  }

  #add(name: ListName, text: string): void {
    this.#lists ??= new Map();
    const kept = this.#lists.get(name) ?? new Set();
    if (kept.size === 0) this.#lists.set(name, kept);
    if (kept.size < listMax || kept.has(text)) kept.add(text);
    else this.#cut = true;
  }
}

/** Stands for all files that did not fit. */
const otherFiles = '';

function objectOf(text: string): { database: number; oid: number } {
  const [database, oid] = text.split('/');
  return { database: Number(database), oid: Number(oid) };
}
