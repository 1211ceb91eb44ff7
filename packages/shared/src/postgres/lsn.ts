/** A position in the WAL as PostgreSQL prints it, without leading zeros: `1/760000D8`. */
export type Lsn = string;

export const lsnPattern = /^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/;

/** The byte position of an LSN; throws on anything PostgreSQL would not print. */
export function parseLsn(lsn: Lsn): bigint {
  if (!lsnPattern.test(lsn)) throw new Error(`cannot read the LSN ${JSON.stringify(lsn)}: expected e.g. 1/760000D8`);
  const [high, low] = lsn.split('/') as [string, string];
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}

export function formatLsn(position: bigint): Lsn {
  return `${(position >> 32n).toString(16).toUpperCase()}/${(position & 0xffffffffn).toString(16).toUpperCase()}`;
}

/** Negative, zero or positive as `a` lies before, at or after `b`. */
export function compareLsn(a: Lsn, b: Lsn): number {
  const difference = parseLsn(a) - parseLsn(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** WAL bytes from `from` to `to`; negative when `to` lies before `from`. */
export function lsnDistance(from: Lsn, to: Lsn): number {
  return Number(parseLsn(to) - parseLsn(from));
}

/** The byte position as a number, for arithmetic and for the database: exact up to 8 PiB of WAL. */
export function lsnToNumber(lsn: Lsn): number {
  const position = Number(parseLsn(lsn));
  if (!Number.isSafeInteger(position)) throw new Error(`cannot use the LSN ${lsn} as a number: it lies beyond 2^53`);
  return position;
}

export function lsnFromNumber(position: number): Lsn {
  return formatLsn(BigInt(position));
}
