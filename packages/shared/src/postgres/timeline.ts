import { lsnPattern, type Lsn } from './lsn.ts';
import type { Segment } from './segment.ts';
import { parseLsn } from './lsn.ts';

/** One line of a history file: the ancestor `timeline` is valid up to `switchLsn`. */
export interface TimelineSwitch {
  readonly timeline: number;
  readonly switchLsn: Lsn;
  readonly reason: string;
}

/** A timeline with its whole ancestry, oldest first; timeline 1 has none and no history file. */
export interface TimelineHistory {
  readonly timeline: number;
  readonly ancestors: readonly TimelineSwitch[];
}

export const historyNamePattern = /^([0-9A-F]{8})\.history$/;

export function historyName(timeline: number): string {
  return `${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`;
}

/**
 * Parses a `.history` file as PostgreSQL's readTimeLineHistory does: tab-separated, blank lines and `#` comments skipped.
 * Throws when a line is neither, or the ancestry does not increase (PostgreSQL 15, timeline.c).
 */
export function parseHistory(timeline: number, text: string): TimelineHistory {
  const ancestors: TimelineSwitch[] = [];
  for (const line of text.split('\n')) {
    if (/^\s*(#|$)/.test(line)) continue;
    const match = /^\s*(\d+)\s+([0-9A-Fa-f]+\/[0-9A-Fa-f]+)(?:\s+(.*))?$/.exec(line);
    const switchLsn = match?.[2]?.toUpperCase();
    if (!match || !switchLsn || !lsnPattern.test(switchLsn)) {
      throw new Error(`cannot read the history of timeline ${timeline}: unexpected line ${JSON.stringify(line)}`);
    }
    ancestors.push({ timeline: Number(match[1]), switchLsn, reason: match[3] ?? '' });
  }
  const numbers = [...ancestors.map((ancestor) => ancestor.timeline), timeline];
  if (numbers.some((value, index) => index > 0 && value <= (numbers[index - 1] as number))) {
    throw new Error(`cannot use the history of timeline ${timeline}: its ancestors do not increase`);
  }
  return { timeline, ancestors };
}

/** The timeline whose file PostgreSQL reads for a segment on this path: the newest one that begins in or before it. */
export function ownerOfSegment(history: TimelineHistory, number: bigint, segmentBytes: number): Segment {
  for (const ancestor of history.ancestors) {
    if (number < parseLsn(ancestor.switchLsn) / BigInt(segmentBytes)) return { timeline: ancestor.timeline, number };
  }
  return { timeline: history.timeline, number };
}
