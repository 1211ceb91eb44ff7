import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveWal } from '../lab/barman-backup.ts';
import type { Lab } from '../lab/lab.ts';
import { sql } from '../lab/psql.ts';
import { endOf, request } from '../support/barback-client.ts';
import type { Box } from '../support/box.ts';
import { mirror, mirrorPage, mirrorWell, startMirror } from '../support/mirror-client.ts';
import { mark, mirrorScene } from '../support/mirror-scene.ts';
import { askPulled, pullMirror } from '../support/restore-from-mirror.ts';

const minutes = 60_000;
const mebibyte = 1024 ** 2;

let lab: Lab;
let stop: () => Promise<void> = async () => {};
let box: Box;

beforeAll(async () => {
  ({ lab, box, stop } = await mirrorScene());
}, 3 * minutes);
afterAll(() => stop());

describe('a mirror', () => {
  test(
    'holds everything of Barman, tells how old it is, and a second run sends what is new alone',
    async () => {
      expect((await mirrorPage(lab)).current).toBeNull();
      const first = await mirror(lab);
      expect(first.state, JSON.stringify(first.problem)).toBe('succeeded');
      const there = ['barback-mirror.json', 'base', 'identity.json', 'streaming', 'wals'];
      expect(await readdir(box.mirror)).toEqual(expect.arrayContaining(there));
      const shown = await mirrorPage(lab);
      expect(shown.current?.run).toBe(first.id);
      expect(shown.current?.destination).toContain('barman-mirror/main');
      expect(shown.lostNow?.commits).toBe(0);
      await mark(lab);
      await archiveWal({ postgres: lab.postgres, barman: lab.barman });
      const { push } = await mirrorWell(lab);
      expect(push?.filesSent).toBeLessThan(20);
      expect(push?.bytesSent).toBeLessThan(80 * mebibyte);
      expect(push?.bytesHashed).toBeLessThan(80 * mebibyte);
      const manifest = await readFile(path.join(box.mirror, 'barback-mirror.json'), 'utf8');
      expect((JSON.parse(manifest) as { files: unknown[] }).files.length).toBeGreaterThan(900);
      expect((await request(lab, 'GET', '/v1/servers/main/mirror.txt')).text).toContain('a disaster loses now');
    },
    5 * minutes,
  );

  test(
    'that is pulled at any moment, while it is brought up to date, restores with no less than its page said',
    async () => {
      let writing = true;
      const writer = (async () => {
        while (writing) await mark(lab);
      })();
      try {
        for (let round = 0; round < 5; round += 1) {
          const promised = (await mirrorPage(lab)).current?.newestCommit?.xid ?? 0;
          const run = await startMirror(lab);
          await delay(Math.random() * 4_000);
          const pulled = path.join(lab.dir, `pulled-${round}`);
          await pullMirror(lab, box, pulled);
          const acknowledged = await sql(lab.postgres, `SELECT count(*) FROM marks WHERE xid <= ${promised}`);
          const restored = await askPulled(lab, pulled, `SELECT count(*) FROM marks WHERE xid <= ${promised}`);
          expect([round, restored]).toEqual([round, acknowledged]);
          expect(Number(acknowledged)).toBeGreaterThan(0);
          expect((await endOf(lab, run)).state).toBe('succeeded');
          await rm(pulled, { recursive: true });
        }
      } finally {
        writing = false;
        await writer;
      }
    },
    8 * minutes,
  );
});
