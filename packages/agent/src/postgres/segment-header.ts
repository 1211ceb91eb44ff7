/** The first page header of a WAL segment (XLogLongPageHeaderData, xlog_internal.h; the same layout in PostgreSQL 9.3–18). */
export interface SegmentHeader {
  readonly timeline: number;
  /** Position of the page: where the file belongs. */
  readonly position: number;
  readonly systemIdentifier: string;
  readonly segmentBytes: number;
  readonly pageBytes: number;
}

export const segmentHeaderBytes = 40;

const longHeader = 0x0002;

/** `empty`: the page was never written (pg_receivewal makes files of zeros first). Undefined: no WAL page. */
export function parseSegmentHeader(bytes: Buffer): SegmentHeader | 'empty' | undefined {
  if (bytes.length < segmentHeaderBytes) return undefined;
  if (bytes.every((byte) => byte === 0)) return 'empty';
  // The magic number changes with every major version: whether it is this one's is for pg_waldump to say.
  if ((bytes.readUInt16LE(2) & longHeader) === 0) return undefined;
  return {
    timeline: bytes.readUInt32LE(4),
    position: Number(bytes.readBigUInt64LE(8)),
    systemIdentifier: String(bytes.readBigUInt64LE(24)),
    segmentBytes: bytes.readUInt32LE(32),
    pageBytes: bytes.readUInt32LE(36),
  };
}
