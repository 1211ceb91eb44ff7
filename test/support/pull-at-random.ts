import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { sql } from '../lab/psql.ts';
import { endOf } from './barback-client.ts';
import { mirrorPage, startMirror } from './mirror-client.ts';
import { mark, type MirrorScene } from './mirror-scene.ts';
import { askPulled, pullMirror } from './restore-from-mirror.ts';

/** Pulls a mirror at random moments while it is pushed and written to; each time it must restore, with all that its page said before. Answers how often. */
export async function pullAtRandom({ lab, box }: Pick<MirrorScene, 'lab' | 'box'>, rounds: number): Promise<number> {
  let restored = 0;
  let writing = true;
  const writer = (async () => {
    while (writing) await mark(lab);
  })();
  try {
    for (let round = 0; round < rounds; round += 1) {
      const promised = (await mirrorPage(lab)).current?.newestCommit?.xid ?? 0;
      const run = await startMirror(lab);
      await delay(Math.random() * 4_000);
      const pulled = path.join(lab.dir, `pulled-${round}`);
      await pullMirror(lab, box, pulled);
      const query = `SELECT count(*) FROM marks WHERE xid <= ${promised}`;
      const acknowledged = await sql(lab.postgres, query);
      expect([round, await askPulled(lab, pulled, query)]).toEqual([round, acknowledged]);
      expect(Number(acknowledged)).toBeGreaterThan(0);
      expect((await endOf(lab, run)).state).toBe('succeeded');
      await rm(pulled, { recursive: true });
      restored += 1;
    }
  } finally {
    writing = false;
    await writer;
  }
  return restored;
}
