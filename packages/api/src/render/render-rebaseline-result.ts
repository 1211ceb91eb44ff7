import type { RebaselineResult } from '../scenarios/rebaseline-result.ts';
import { fields, page, section } from './layout.ts';
import { plain } from './plain.ts';
import { bytes } from './units.ts';

/** What a new baseline changed, as far as it got. */
export function renderRebaselineResult(result: RebaselineResult): string {
  const { slot, givenUp, archivedSegment, backup } = result;
  return page(
    section(
      'slots dropped',
      result.dropped
        .filter((one) => one.existed)
        .map(droppedLine)
        .join(''),
    ),
    section(
      'new baseline',
      fields([
        ['  slot', slot === null ? null : `${plain(slot.name)}, keeps WAL from ${slot.restartLsn ?? 'its first use'}`],
        ['  pg_wal', walBytes(result)],
        ['  given up', givenUp === null ? null : gap(givenUp)],
        ['  WAL arrives', archivedSegment === null ? null : `${archivedSegment} is archived`],
        ['  backup', backup === null ? null : `${backup.backupId}, DONE, ${bytes(backup.sizeBytes ?? 0)}`],
      ]),
    ),
  );
}

function droppedLine({ slot, restartLsn, retainedBytes }: RebaselineResult['dropped'][number]): string {
  const kept =
    retainedBytes === null ? 'it kept nothing any more' : `it kept ${bytes(retainedBytes)} from ${restartLsn ?? '-'}`;
  return `  ${plain(slot)}: ${kept}\n`;
}

function walBytes({ walBytesBefore, walBytesAfter }: RebaselineResult): string | null {
  if (walBytesBefore === null || walBytesAfter === null) return null;
  return `${bytes(walBytesBefore)} before, ${bytes(walBytesAfter)} after`;
}

function gap({ received, continues }: NonNullable<RebaselineResult['givenUp']>): string {
  return `WAL between ${received ?? 'the begin'} and ${continues}, unless archive_command has delivered it`;
}
