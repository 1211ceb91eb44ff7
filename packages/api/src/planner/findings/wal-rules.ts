import { nameOfSegment } from '../../wal-index/segment-range.ts';
import type { Reach } from '../../window/wal-reach.ts';
import type { Found, Rule } from './rule.ts';

/** A target between the ends of WAL has been found in unbroken WAL; the two ends are reached only if nothing is missing. */
const walGap: Rule = ({ backup, reach, target, isConsistent, segmentBytes }) => {
  if (reach === null) return null;
  const { breaks } = reach;
  const isHole = breaks.is === 'missing' || breaks.is === 'unreadable';
  if (!isConsistent) return gapFinding(`WAL that backup ${backup.id} itself needs is missing`, breaks, segmentBytes);
  if (target.type !== 'latest' || !isHole) return null;
  return gapFinding('WAL is missing before the newest that Barman holds', breaks, segmentBytes);
};

function gapFinding(title: string, breaks: Reach['breaks'], segmentBytes: number): Found {
  const timeline = 'timeline' in breaks ? breaks.timeline : null;
  const name = (number: number): string =>
    timeline === null ? `number ${number}` : nameOfSegment(timeline, number, segmentBytes);
  const detail =
    breaks.is === 'unreadable'
      ? `${breaks.hole.detail}.`
      : breaks.is === 'missing' && breaks.last > breaks.number
        ? `Segments ${name(breaks.number)} to ${name(breaks.last)} are missing.`
        : `Segment ${name(breaks.number)} is missing.`;
  return {
    code: 'wal-gap',
    severity: 'blocking',
    title,
    detail,
    remedy:
      'Put the missing files back into the archive of Barman, or choose a target before the hole or a later backup.',
  };
}

const indexBehind: Rule = ({ reach, target }) =>
  target.type === 'latest' && reach?.breaks.is === 'unread'
    ? {
        code: 'index-behind',
        severity: 'warning',
        title: 'WAL behind the backup has not been read yet',
        detail: 'Whether it is whole will show only when it is copied.',
        remedy: 'Plan again in a few minutes: GET …/window tells how far the index is.',
      }
    : null;

const abandonedBranch: Rule = ({ abandoned }) =>
  abandoned
    ? {
        code: 'abandoned-branch',
        severity: 'warning',
        title: 'The target lies on a branch that was given up',
        detail: 'A later restore left this timeline behind: what was written after that restore is not in this state.',
        remedy: 'If the branch of today is meant, add its "timeline" to the target; GET …/window shows the branches.',
      }
    : null;

export const walRules: readonly Rule[] = [walGap, indexBehind, abandonedBranch];
