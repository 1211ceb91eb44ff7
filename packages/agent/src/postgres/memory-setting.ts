const units: Readonly<Record<string, number>> = { B: 1, kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 };

/** Bytes of a memory setting; a number alone counts in the setting's own unit. Null for what PostgreSQL would not take (guc.c). */
export function bytesOf(value: string, unitBytes: number): number | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(B|kB|MB|GB|TB)?\s*$/.exec(value);
  if (!match) return null;
  return Number(match[1]) * (match[2] === undefined ? unitBytes : (units[match[2]] ?? 1));
}

/** In whole megabytes. */
export function memorySetting(bytes: number): string {
  return `${Math.max(1, Math.floor(bytes / 1024 ** 2))}MB`;
}
