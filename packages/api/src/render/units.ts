import { formatInstant, parseInstant, type Micros } from '@barback/shared/postgres/instant.ts';

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `512 B`, `1.5 GiB`. */
export function bytes(count: number): string {
  let [value, unit] = [count, 0];
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return parts([Math.floor(whole / 60), 'min'], [whole % 60, 's']);
  return parts([Math.floor(whole / 3600), 'h'], [Math.floor((whole % 3600) / 60), 'min']);
}

function parts(...all: readonly (readonly [number, string])[]): string {
  return all
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
}

/** `2026-11-22 12:00:00 UTC, 5 minutes ago`; `-` when there is none. */
export function instant(text: string | null, now: Micros): string {
  if (text === null) return '-';
  const parsed = parseInstant(text);
  if (!parsed.ok) return text;
  return `${formatInstant(parsed.micros).slice(0, 19).replace('T', ' ')} UTC, ${agoOf(parsed.micros, now)}`;
}

/** With microseconds, for a point in the WAL. */
export function exactInstant(text: string): string {
  return text.replace('T', ' ').replace('Z', ' UTC');
}

/** `5 minutes ago`; the text itself when it is no instant. */
export function ago(text: string, now: Micros): string {
  const parsed = parseInstant(text);
  return parsed.ok ? agoOf(parsed.micros, now) : text;
}

function agoOf(then: Micros, now: Micros): string {
  const seconds = Math.round((now - then) / 1_000_000);
  const [amount, word] = largest(Math.abs(seconds));
  const many = `${amount} ${word}${amount === 1 ? '' : 's'}`;
  return seconds < 0 ? `in ${many}` : `${many} ago`;
}

function largest(seconds: number): readonly [number, string] {
  if (seconds < 60) return [seconds, 'second'];
  if (seconds < 3600) return [Math.floor(seconds / 60), 'minute'];
  if (seconds < 48 * 3600) return [Math.floor(seconds / 3600), 'hour'];
  return [Math.floor(seconds / 86_400), 'day'];
}
