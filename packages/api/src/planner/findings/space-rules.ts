import { freeInodesFloor, replayedWalBytesMax } from '@barback/shared/operations/room.ts';
import type { Result } from '@barback/shared/operations/index.ts';
import type { Finding } from '../plan-document.ts';
import type { FindingFacts, Rule } from './rule.ts';

type Filesystem = Result<'host-facts'>['filesystems'][number];

/** What is written into a filesystem, in words. */
interface Demand {
  readonly bytes: number;
  /** Null when the files of the backup were not counted. */
  readonly files: number | null;
  readonly told: string;
}

/** What PostgreSQL, Barman and the agent add to a copy: configuration, evidence, sockets, files of a running server. */
const addedFiles = 200;

const space: Rule = (facts) => {
  const scratch = filesystemOf(facts, 'scratch');
  if (!scratch) return null;
  const demand = copyDemand(facts);
  const remedy = (what: string): string =>
    `Free ${what} there, or set scratch.directory in the agent's configuration to a larger filesystem.${inPlace(facts)}`;
  return shortages(facts, scratch, [demand]).map(({ what, detail }) => ({
    code: 'space',
    severity: 'blocking',
    title: 'There is not enough room for the copy',
    detail,
    remedy: remedy(what),
  }));
};

/** The last resort of a restore of live. */
function inPlace({ touches, freedBytes }: FindingFacts): string {
  if (touches !== 'live' || freedBytes > 0) return '';
  return ' Where that cannot be: plan with "inPlace": true, which deletes live before the copy is made, without an undo, with live down meanwhile, and with another person\'s approval.';
}

/** The agent makes no copy while one of live's filesystems is below the floor, wherever the copy would lie (T6). */
const floor: Rule = (facts) => {
  const { host } = facts;
  const scratch = filesystemOf(facts, 'scratch');
  const low = host.filesystems.filter(
    (one) => one.role !== 'scratch' && one.device !== scratch?.device && one.freeBytes < host.freeBytesFloor,
  );
  return low.map((one) => ({
    code: 'space',
    severity: 'blocking',
    title: 'A filesystem of production is nearly full',
    detail: `${one.freeBytes} bytes are free on ${one.device} (${one.role}); ${host.freeBytesFloor} must stay free while a copy is made.`,
    remedy: `Free ${host.freeBytesFloor - one.freeBytes} bytes there, or lower scratch.freeBytesFloor in the agent's configuration.`,
  }));
};

/** After a restore of live: the old directory stays, and Barman takes a new base backup while it keeps the WAL of this one (T18). */
const spaceBarman: Rule = (facts) => {
  const [barman, scratch] = [filesystemOf(facts, 'barman'), filesystemOf(facts, 'scratch')];
  if (!barman) return null;
  const shared = barman.device === scratch?.device ? [copyDemand(facts)] : [];
  return shortages(facts, barman, [...shared, barmanDemand(facts)]).map(({ what, detail }) => ({
    code: 'space-barman',
    severity: severityOf(facts),
    title: 'Barman has not enough room for what follows a restore of live',
    detail: facts.freedBytes > 0 ? detail : `${detail} ${keepsOld}`,
    remedy: `Free ${what} there, for example by deleting backups that are no longer needed (barman delete ${facts.server} ID).${barman.device === scratch?.device ? inPlace(facts) : ''}`,
  }));
};

const keepsOld = 'The replaced data directory is kept until the result is accepted, so a restore frees nothing.';

function severityOf({ touches }: FindingFacts): Finding['severity'] {
  return touches === 'live' ? 'blocking' : 'info';
}

function filesystemOf({ host }: FindingFacts, role: string): Filesystem | undefined {
  return host.filesystems.find((one) => one.role === role);
}

/** As the agent asks for it before it copies: the files, the staged WAL, and what of it PostgreSQL keeps in pg_wal. */
function copyDemand({ scratchBytes, scratchFiles, walBytes, segmentBytes }: FindingFacts): Demand {
  const wal = walBytes ?? 0;
  const kept = Math.min(wal, replayedWalBytesMax);
  const segments = (wal + kept) / segmentBytes;
  return {
    bytes: scratchBytes + wal + kept,
    files: scratchFiles === null ? null : Math.ceil(scratchFiles + segments) + addedFiles,
    told: `the copy needs ${scratchBytes} bytes, its WAL ${wal}, and replay ${kept} more`,
  };
}

/** The next base backup is about as large as this one; as much WAL as this restore replays is kept on until it is done. */
function barmanDemand({ backup, scratchBytes, scratchFiles, walBytes, segmentBytes }: FindingFacts): Demand {
  const wal = walBytes ?? 0;
  // Of an adopted copy nothing is copied, and its backup is as large as ever.
  const size = Math.max(scratchBytes, backup.sizeBytes ?? 0);
  return {
    bytes: size + wal,
    files: scratchFiles === null ? null : Math.ceil(scratchFiles + wal / segmentBytes),
    told: `a new base backup needs about ${size} bytes, and the WAL kept until then ${wal}`,
  };
}

/** What a filesystem lacks for all demands together, with the floor counted once. */
function shortages(
  facts: FindingFacts,
  { device, freeBytes: freeNow, freeInodes }: Filesystem,
  demands: readonly Demand[],
): { what: string; detail: string }[] {
  const told = sentence(demands.map((one) => one.told).join('; '));
  const { host } = facts;
  const freedBytes = device === filesystemOf(facts, 'scratch')?.device ? facts.freedBytes : 0;
  const freeBytes = freeNow + freedBytes;
  const bytes = demands.reduce((sum, one) => sum + one.bytes, host.freeBytesFloor);
  const files = demands.reduce((sum, one) => sum + (one.files ?? 0), freeInodesFloor);
  const found = [];
  if (freeBytes < bytes) {
    const detail = `${told}; ${host.freeBytesFloor} must stay free: ${bytes} bytes in all, but ${freeBytes} are free on ${device}${freedBytes > 0 ? ', with what deleting live frees' : ''}.`;
    found.push({ what: `${bytes - freeBytes} bytes`, detail });
  }
  // Without counted files nothing is claimed; null: the filesystem makes inodes as they are needed.
  if (demands.every((one) => one.files !== null) && freeInodes !== null && freeInodes < files) {
    const detail = `${told}: ${files - freeInodesFloor} files, and ${freeInodesFloor} inodes must stay free; ${freeInodes} are free on ${device}.`;
    found.push({ what: `${files - freeInodes} inodes (remove files)`, detail });
  }
  return found;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

export const spaceRules: readonly Rule[] = [space, floor, spaceBarman];
