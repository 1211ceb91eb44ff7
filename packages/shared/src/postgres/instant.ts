/** Microseconds since 1970-01-01T00:00:00Z as a safe integer: PostgreSQL's own resolution, exact until the year 2255. */
export type Micros = number & { readonly __unit?: 'micros' };

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** The instant of an RFC 3339 text with a mandatory offset, or a sentence saying what to write instead. */
export function parseInstant(text: string): { ok: true; micros: Micros } | { ok: false; reason: string } {
  const match = rfc3339.exec(text);
  if (!match) {
    return { ok: false, reason: 'write RFC 3339 with an offset and at most 6 decimals: 2026-11-22T12:00:00.5Z' };
  }
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHour, offsetMinute] = match;
  const fields = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (!isCalendarDate(fields[0], fields[1], fields[2])) {
    return { ok: false, reason: `${year}-${month}-${day} is not a day of the calendar` };
  }
  if (
    fields[3] > 23 ||
    fields[4] > 59 ||
    fields[5] > 59 ||
    Number(offsetHour ?? 0) > 23 ||
    Number(offsetMinute ?? 0) > 59
  ) {
    return {
      ok: false,
      reason: 'hours run to 23, minutes and seconds to 59 (leap seconds do not exist in PostgreSQL)',
    };
  }
  const offset = (sign === '-' ? -1 : 1) * (Number(offsetHour ?? 0) * 60 + Number(offsetMinute ?? 0));
  const seconds = Date.UTC(fields[0], fields[1] - 1, fields[2], fields[3], fields[4], fields[5]) / 1000 - offset * 60;
  return { ok: true, micros: seconds * 1_000_000 + Number((fraction ?? '').padEnd(6, '0')) };
}

/** RFC 3339 in UTC with exactly six decimals. */
export function formatInstant(micros: Micros): string {
  const seconds = Math.floor(micros / 1_000_000);
  const fraction = String(micros - seconds * 1_000_000).padStart(6, '0');
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

function isCalendarDate(year: number, month: number, day: number): boolean {
  if (year < 1970 || month < 1 || month > 12 || day < 1) return false;
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}
