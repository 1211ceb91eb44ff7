import type { Transfer } from './rsync-argv.ts';

/** Barman's directories of one server. */
export interface MirroredPlaces {
  readonly base: string;
  readonly wals: string;
  readonly incoming: string;
  readonly streaming: string;
  readonly kept: string;
  readonly meta: string;
  /** Holds identity.json. */
  readonly whole: string;
}

export interface Pass {
  readonly phase: string;
  /** The place that must be there; otherwise there is nothing to send. */
  readonly place: string;
  readonly transfer: Transfer;
}

export interface PassesInput {
  readonly places: MirroredPlaces;
  /** Backups that are DONE, and everything else that lies among them. */
  readonly done: readonly string[];
  readonly unfinished: readonly string[];
  readonly compareContents: boolean;
}

const nothingElse = '--exclude=*';

/**
 * In an order that keeps the mirror restorable at every moment, and that loses nothing which Barman moves meanwhile: what is in
 * `streaming/` and `incoming/` before the archive that it moves to, histories before the WAL of their timelines, the data of a
 * backup before its entry in the catalogue; what was deleted here goes at last, the entries first. Pure.
 */
export function passes({ places, done, unfinished, compareContents }: PassesInput): readonly Pass[] {
  const { base, wals, incoming, streaming, kept, meta, whole } = places;
  const push = (phase: string, place: string, more: Partial<Transfer> & { name: string }): Pass => {
    const { name, filters = [], deletes = false } = more;
    const local = `${place}/`;
    return { phase, place, transfer: { direction: 'push', local, remote: name, filters, deletes, compareContents } };
  };
  const entries = done.flatMap((id) => [`--include=/${id}/`, `--include=/${id}/backup.info`]);
  const notDone = unfinished.map((id) => `--exclude=/${id}`);
  return [
    push('streaming', streaming, { name: 'streaming' }),
    push('incoming', incoming, { name: 'incoming' }),
    push('kept WAL', kept, { name: 'kept-wal' }),
    push('histories', wals, { name: 'wals', filters: ['--include=*.history', nothingElse] }),
    push('WAL', wals, { name: 'wals', filters: ['--exclude=/xlog.db*'] }),
    push('backups', base, {
      name: 'base',
      filters: [...done.flatMap((id) => [`--exclude=/${id}/backup.info`, `--include=/${id}/***`]), nothingElse],
    }),
    push('catalogue', wals, { name: 'wals', filters: ['--include=/xlog.db', nothingElse] }),
    push('catalogue', meta, {
      name: 'meta',
      filters: [...done.map((id) => `--include=/${id}-backup.info`), '--exclude=/*-backup.info'],
    }),
    push('catalogue', base, { name: 'base', filters: [...entries, nothingElse] }),
    push('catalogue', whole, { name: '', filters: ['--include=/identity.json', nothingElse] }),
    push('deletions', meta, {
      name: 'meta',
      deletes: true,
      filters: unfinished.map((id) => `--exclude=/${id}-backup.info`),
    }),
    push('deletions', base, {
      name: 'base',
      deletes: true,
      filters: [...notDone, '--include=/*/', '--include=/*/backup.info', nothingElse],
    }),
    push('deletions', base, { name: 'base', deletes: true, filters: notDone }),
    push('deletions', wals, { name: 'wals', deletes: true }),
    push('deletions', kept, { name: 'kept-wal', deletes: true }),
    push('deletions', streaming, { name: 'streaming', deletes: true }),
    push('deletions', incoming, { name: 'incoming', deletes: true }),
  ];
}

/** Below the mirror of a server; where a file of a place lies there. Pure. */
export function remoteName(places: MirroredPlaces, file: string): string | undefined {
  const roots: readonly (readonly [string, string])[] = [
    [places.base, 'base'],
    [places.wals, 'wals'],
    [places.kept, 'kept-wal'],
  ];
  const found = roots.find(([root]) => file.startsWith(`${root}/`));
  return found && `${found[1]}/${file.slice(found[0].length + 1)}`;
}
