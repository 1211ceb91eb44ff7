import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Lab } from '../../lab/lab.ts';
import { runCommand } from '../../lab/run-command.ts';

/**
 * What really is in WAL, read with pg_waldump and nothing of Barback's: tests compare its answers with this. Positions are bytes,
 * times microseconds since 1970.
 */
export interface WalOracle {
  readonly branches: readonly Branch[];
  /** The ends of transactions on the way to the end of a timeline, in the order of replay. */
  onPath(timeline: number): readonly PlacedEnd[];
  /** Where a timeline leaves its ancestor on the path of another; Infinity when it is that timeline. */
  leavesAt(timeline: number, path: number): number | null;
}

export interface Branch {
  readonly timeline: number;
  /** Where it begins; 0 for the first. */
  readonly from: number;
  /** Begin of every record that only this timeline has, in order. */
  readonly records: readonly number[];
  readonly ends: readonly PlacedEnd[];
  /** When the promotion that made it ended; null for the first. */
  readonly promotedAt: number | null;
}

export interface PlacedEnd {
  readonly kind: 'commit' | 'abort';
  readonly timeline: number;
  readonly xid: number;
  readonly position: number;
  readonly time: number;
}

interface Switch {
  readonly timeline: number;
  readonly position: number;
}

/** Reads the WAL that `collectWal` has put in a directory. */
export async function readOracle(lab: Lab, directory: string): Promise<WalOracle> {
  const names = await readdir(directory);
  const timelines = [...new Set(names.map((name) => Number.parseInt(name.slice(0, 8), 16)))].toSorted((a, b) => a - b);
  const switches = new Map<number, readonly Switch[]>();
  const branches: Branch[] = [];
  for (const timeline of timelines) {
    const history =
      timeline === 1 ? [] : parseHistory(await readFile(path.join(directory, nameOfHistory(timeline)), 'utf8'));
    switches.set(timeline, history);
    const from = history.at(-1)?.position ?? 0;
    const own = names.filter((name) => name.startsWith(hex(timeline)) && name.length === 24).toSorted();
    branches.push({ timeline, from, ...(await readBranch(lab, directory, own, { timeline, from })) });
  }
  const leavesAt = (timeline: number, along: number): number | null =>
    timeline === along
      ? Number.POSITIVE_INFINITY
      : ((switches.get(along) ?? []).find((one) => one.timeline === timeline)?.position ?? null);
  return {
    branches,
    leavesAt,
    onPath: (timeline) =>
      branches.flatMap((branch) => {
        const until = leavesAt(branch.timeline, timeline);
        return until === null ? [] : branch.ends.filter((end) => end.position < until);
      }),
  };
}

async function readBranch(
  lab: Lab,
  directory: string,
  own: readonly string[],
  begin: { timeline: number; from: number },
) {
  const { timeline, from } = begin;
  const [first = ''] = own;
  const start = from === 0 ? [] : ['--start', formatPosition(from)];
  const argv = [path.join(lab.postgres.binDir, 'pg_waldump'), '--path', directory, ...start];
  // It ends with an error where WAL ends.
  const { stdout } = await runCommand([
    ...argv,
    ...(from === 0 ? [first, own.at(-1) ?? first] : ['--timeline', String(timeline)]),
  ]);
  const records: number[] = [];
  const ends: PlacedEnd[] = [];
  let promotedAt: number | null = null;
  for (const line of stdout.split('\n')) {
    const record = /, tx: +(\d+), lsn: ([0-9A-F]+\/[0-9A-F]+), prev [^,]*, desc: (.*)$/.exec(line);
    if (!record) continue;
    const position = parsePosition(record[2] ?? '');
    records.push(position);
    const promotion = /^END_OF_RECOVERY .*; time (\S+ \S+) UTC/.exec(record[3] ?? '');
    if (promotion) promotedAt = microsOf(promotion[1] ?? '');
    const end = /^(COMMIT|ABORT)(?:_PREPARED)? (?:(\d+): )?(\S+ \S+) UTC/.exec(record[3] ?? '');
    if (!end || !line.startsWith('rmgr: Transaction')) continue;
    const kind = end[1] === 'COMMIT' ? 'commit' : 'abort';
    ends.push({ kind, timeline, xid: Number(end[2] ?? record[1]), position, time: microsOf(end[3] ?? '') });
  }
  return { records, ends, promotedAt };
}

function parseHistory(text: string): Switch[] {
  return text
    .split('\n')
    .map((line) => line.split('\t'))
    .filter((parts) => /^\d+$/.test(parts[0] ?? ''))
    .map((parts) => ({ timeline: Number(parts[0]), position: parsePosition(parts[1] ?? '') }));
}

function microsOf(text: string): number {
  const [whole = '', fraction = ''] = text.split('.');
  return Date.parse(`${whole.replace(' ', 'T')}Z`) * 1000 + Number(fraction.padEnd(6, '0'));
}

export function parsePosition(lsn: string): number {
  const [high = '0', low = '0'] = lsn.split('/');
  return Number.parseInt(high, 16) * 2 ** 32 + Number.parseInt(low, 16);
}

export function formatPosition(position: number): string {
  const high = Math.floor(position / 2 ** 32);
  return `${high.toString(16).toUpperCase()}/${(position % 2 ** 32).toString(16).toUpperCase()}`;
}

function hex(timeline: number): string {
  return timeline.toString(16).toUpperCase().padStart(8, '0');
}

function nameOfHistory(timeline: number): string {
  return `${hex(timeline)}.history`;
}
