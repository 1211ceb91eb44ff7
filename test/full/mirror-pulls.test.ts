import { expect, test } from 'vitest';
import { mirrorWell } from '../support/mirror-client.ts';
import { mark, mirrorScene } from '../support/mirror-scene.ts';
import { pullAtRandom } from '../support/pull-at-random.ts';

test('a mirror that is pulled at fifty random moments, while it is brought up to date, restores each time with no less than its page said', async () => {
  const scene = await mirrorScene();
  try {
    await mark(scene.lab);
    await mirrorWell(scene.lab);
    expect(await pullAtRandom(scene, 50)).toBe(50);
  } finally {
    await scene.stop();
  }
});
