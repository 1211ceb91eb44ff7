import { z } from 'zod';

const hourMs = 3_600_000;

/** `90s`, `30m`, `2h`: at most 48 hours. */
export const durationSchema = z
  .string()
  .regex(/^[1-9]\d{0,5}[smh]$/, 'write a duration such as 90s, 30m or 2h')
  .refine((text) => durationMs(text) <= 48 * hourMs, 'write at most 48h');

/** Milliseconds of `90s`, `30m`, `2h`. */
export function durationMs(text: string): number {
  const units = { s: 1000, m: 60_000, h: hourMs } as const;
  return Number(text.slice(0, -1)) * units[text.slice(-1) as keyof typeof units];
}
