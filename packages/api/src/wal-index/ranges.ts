/** Segments of one timeline by number, both ends included. */
export interface Range {
  readonly timeline: number;
  readonly first: number;
  readonly last: number;
}

/** How many segments they are. */
export function segmentsIn(ranges: readonly Omit<Range, 'timeline'>[]): number {
  return ranges.reduce((sum, one) => sum + one.last - one.first + 1, 0);
}

/** The same segments as the fewest ranges, in order of timeline and number. */
export function merged(ranges: readonly Range[]): Range[] {
  const result: { timeline: number; first: number; last: number }[] = [];
  for (const range of ranges.toSorted((a, b) => a.timeline - b.timeline || a.first - b.first)) {
    const before = result.at(-1);
    if (before && before.timeline === range.timeline && range.first <= before.last + 1) {
      before.last = Math.max(before.last, range.last);
    } else result.push({ timeline: range.timeline, first: range.first, last: range.last });
  }
  return result;
}

/** What is in `ranges` and not in `without`, as the fewest ranges. */
export function subtracted(ranges: readonly Range[], without: readonly Range[]): Range[] {
  return merged(ranges).flatMap((range) => {
    const cuts = merged(without.filter((one) => one.timeline === range.timeline));
    const left: Range[] = [];
    let first = range.first;
    for (const cut of cuts) {
      if (cut.last < first || cut.first > range.last) continue;
      if (cut.first > first) left.push({ ...range, first, last: cut.first - 1 });
      first = cut.last + 1;
    }
    return first <= range.last ? [...left, { ...range, first }] : left;
  });
}

/** The segments that are in both, as the fewest ranges. */
export function intersected(ranges: readonly Range[], other: readonly Range[]): Range[] {
  return subtracted(ranges, subtracted(ranges, other));
}

/** The range that holds a segment. */
export function rangeWith(ranges: readonly Range[], timeline: number, number: number): Range | undefined {
  return ranges.find((one) => one.timeline === timeline && one.first <= number && number <= one.last);
}
