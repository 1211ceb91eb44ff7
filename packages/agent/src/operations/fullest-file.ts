import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import { parseSegmentName, segmentStart } from '@barback/shared/postgres/segment.ts';
import { segmentReach } from '../postgres/segment-reach.ts';
import { openRegular } from '../system/open-file.ts';

/** Of several files of one segment the one that reaches furthest, the first of equal ones; undefined for none. */
export async function fullestFile(
  files: readonly string[],
  name: string,
  segmentBytes: number,
): Promise<string | undefined> {
  const segment = parseSegmentName(name, segmentBytes);
  if (files.length < 2 || !segment) return files[0];
  const place = { start: lsnToNumber(segmentStart(segment, segmentBytes)), segmentBytes };
  const reaches = await Promise.all(files.map(async (file) => reachOf(file, place)));
  return files[reaches.indexOf(Math.max(...reaches))];
}

/** -1 for a file that is gone: it moved, the next listing finds it. */
async function reachOf(file: string, place: { start: number; segmentBytes: number }): Promise<number> {
  const opened = await openRegular(file);
  if (!opened) return -1;
  try {
    return await segmentReach(opened.read, place);
  } finally {
    await opened.close();
  }
}
