/** Seconds that the next drill will take: the median of the last ones; null when there has been none. */
export function predictSeconds(earlier: readonly number[]): number | null {
  const sorted = earlier.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  const other = sorted[Math.ceil((sorted.length - 1) / 2)];
  return middle === undefined || other === undefined ? null : (middle + other) / 2;
}
