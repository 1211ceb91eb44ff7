import { parseSegmentName, segmentName } from '@barback/shared/postgres/segment.ts';
import type { Range } from './ranges.ts';

/** A segment's name as timeline and number. Throws when an agent named something else. */
export function rangeOfSegment(segment: string, segmentBytes: number): Range {
  const parsed = parseSegmentName(segment, segmentBytes);
  if (!parsed) throw new Error(`cannot use the answer of the agent: ${segment} is no segment of ${segmentBytes} bytes`);
  const number = Number(parsed.number);
  return { timeline: parsed.timeline, first: number, last: number };
}

export function nameOfSegment(timeline: number, number: number, segmentBytes: number): string {
  return segmentName({ timeline, number: BigInt(number) }, segmentBytes);
}
