import type { IndexState } from '../wal-index/wal-state.ts';

/** What an answer from the index may lack, and what to do; null when it lacks nothing. */
export function incompleteness({ fresh, unread }: IndexState): string | null {
  const lacks = [
    ...(unread === 0 ? [] : [`${unread} WAL ${unread === 1 ? 'segment that was' : 'segments that were'} not read yet`]),
    ...(fresh ? [] : ['what was written since it was observed']),
  ];
  return lacks.length === 0 ? null : `${lacks.join(' and ')}: ask again`;
}
