import { parseHistory, type TimelineHistory } from '@barback/shared/postgres/timeline.ts';
import { compressionOf, decompressToOutputArgv } from '../postgres/wal-compression.ts';
import { identityOf } from '../system/directory-tree.ts';
import { readIfExists } from '../system/files.ts';
import { firstBytes } from '../system/look-at-file.ts';
import { runProgram } from '../system/run-program.ts';
import type { WalStore } from './wal-store.ts';

export interface ReadHistories {
  /** By timeline. */
  readonly histories: readonly TimelineHistory[];
  readonly unreadable: readonly { readonly timeline: number; readonly reason: string }[];
}

/** Texts of compressed ones, as long as the file is the same: unpacking takes a process. */
const unpacked = new Map<string, { readonly mark: string; readonly text: string }>();

const unpackMs = 30_000;

/**
 * Every history; one that cannot be read leaves the others usable. Barman compresses history files like segments (3.4 and 3.13,
 * wal_archiver.py). `user` unpacks them.
 */
export async function readHistories(store: WalStore, user: string | null): Promise<ReadHistories> {
  const histories: TimelineHistory[] = [];
  const unreadable: { timeline: number; reason: string }[] = [];
  for (const [timeline, file] of [...store.histories].toSorted(([a], [b]) => a - b)) {
    try {
      const text = await textOf(file, user);
      if (text !== undefined) histories.push(parseHistory(timeline, text));
    } catch (error) {
      unreadable.push({ timeline, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { histories, unreadable };
}

/** The texts of those that can be read, by timeline. */
export async function readHistoryTexts(store: WalStore, user: string | null): Promise<Map<number, string>> {
  const texts = new Map<number, string>();
  for (const [timeline, file] of store.histories) {
    const text = await textOf(file, user);
    if (text !== undefined) texts.set(timeline, text);
  }
  return texts;
}

/** Undefined when the file is gone. */
async function textOf(file: string, user: string | null): Promise<string | undefined> {
  const found = await identityOf(file);
  if (!found) return undefined;
  const compression = compressionOf(await firstBytes(file, 8));
  if (!compression) return readIfExists(file);
  const mark = `${found.inode} ${found.size} ${found.changedAt}`;
  const known = unpacked.get(file);
  if (known?.mark === mark) return known.text;
  const argv = decompressToOutputArgv(compression, file);
  const outcome = await runProgram({ argv, user, timeoutMs: unpackMs });
  if (outcome.exitCode !== 0) {
    throw new Error(`${argv[0]} cannot decompress ${file}: ${outcome.stderr.trim().slice(0, 200)}`);
  }
  unpacked.set(file, { mark, text: outcome.stdout });
  return outcome.stdout;
}
