import { parseSegmentHeader, segmentHeaderBytes } from './segment-header.ts';

/** Reads bytes of a file at an offset; fewer at its end. */
export type ReadAt = (offset: number, bytes: number) => Promise<Buffer>;

/** Where a segment belongs. */
export interface SegmentPlace {
  /** Position of its first byte. */
  readonly start: number;
  readonly segmentBytes: number;
}

/** Whether a file holds WAL of the segment: one that was made or recycled for later use does not yet. */
export async function isBegun(read: ReadAt, place: SegmentPlace): Promise<boolean> {
  return (await headerOf(read, place)) !== undefined;
}

/**
 * How many bytes of the segment a file holds. Pages are written in order, and each says where it belongs (XLogPageHeaderData,
 * xlog_internal.h): behind the last one are zeros (pg_receivewal, receivelog.c), or what a recycled file held before (xlog.c).
 * Within the last page everything behind the last record is zero.
 */
export async function segmentReach(read: ReadAt, place: SegmentPlace): Promise<number> {
  const header = await headerOf(read, place);
  if (!header) return 0;
  const { pageBytes } = header;
  let [written, free] = [0, Math.floor(place.segmentBytes / pageBytes)];
  while (free - written > 1) {
    const middle = Math.floor((written + free) / 2);
    if (await isWritten(read, middle * pageBytes, place.start)) written = middle;
    else free = middle;
  }
  const page = await read(written * pageBytes, pageBytes);
  return written * pageBytes + page.findLastIndex((byte) => byte !== 0) + 1;
}

async function headerOf(read: ReadAt, { start, segmentBytes }: SegmentPlace) {
  const header = parseSegmentHeader(await read(0, segmentHeaderBytes));
  if (header === 'empty' || header?.position !== start || header.segmentBytes !== segmentBytes) return undefined;
  return header.pageBytes >= 512 && header.pageBytes <= segmentBytes ? header : undefined;
}

async function isWritten(read: ReadAt, offset: number, start: number): Promise<boolean> {
  const header = await read(offset, 16);
  return header.length === 16 && header.readUInt16LE(0) !== 0 && Number(header.readBigUInt64LE(8)) === start + offset;
}
