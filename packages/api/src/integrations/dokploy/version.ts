/** Whether a version of Dokploy is older; one that is no number (a canary) is new. Pure. */
export function isBefore(version: string, other: readonly [number, number, number]): boolean {
  const parts = /^v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})/.exec(version)?.slice(1).map(Number);
  if (parts === undefined) return false;
  const at = parts.findIndex((part, index) => part !== other[index]);
  return at !== -1 && (parts[at] ?? 0) < (other[at] ?? 0);
}
