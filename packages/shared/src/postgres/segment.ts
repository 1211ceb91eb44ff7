import { formatLsn, type Lsn } from './lsn.ts';

/** A WAL segment file: timeline, then the number of the segment counted from LSN 0. */
export interface Segment {
  readonly timeline: number;
  readonly number: bigint;
}

export const segmentNamePattern = /^[0-9A-F]{24}$/;
export const defaultSegmentBytes = 16 * 1024 * 1024;

/** Reads the 24 hexadecimal digits of a WAL file name; undefined for histories, `.partial`, `.backup` and others. */
export function parseSegmentName(name: string, segmentBytes: number = defaultSegmentBytes): Segment | undefined {
  if (!segmentNamePattern.test(name)) return undefined;
  const perLog = 0x1_0000_0000n / BigInt(segmentBytes);
  const log = BigInt(`0x${name.slice(8, 16)}`);
  const inLog = BigInt(`0x${name.slice(16, 24)}`);
  if (inLog >= perLog) return undefined;
  return { timeline: Number.parseInt(name.slice(0, 8), 16), number: log * perLog + inLog };
}

export function segmentName(segment: Segment, segmentBytes: number = defaultSegmentBytes): string {
  const perLog = 0x1_0000_0000n / BigInt(segmentBytes);
  return hex8(BigInt(segment.timeline)) + hex8(segment.number / perLog) + hex8(segment.number % perLog);
}

export function segmentStart(segment: Segment, segmentBytes: number = defaultSegmentBytes): Lsn {
  return formatLsn(segment.number * BigInt(segmentBytes));
}

function hex8(value: bigint): string {
  return value.toString(16).toUpperCase().padStart(8, '0');
}
