import type { TestContext } from 'vitest';
import { whyNotDebian13 } from '../../scripts/debian/run-debian-13.ts';

/** Skips a test whose guarantee needs what only root can arrange, with that as the reason. */
export function needsRoot({ skip }: Pick<TestContext, 'skip'>, why: string): void {
  if (process.geteuid?.() !== 0) skip(`needs root: ${why}`);
}

/** Skips a test that needs a Debian in a directory where none can be made, with the reason. */
export function needsDebianTree({ skip }: Pick<TestContext, 'skip'>): void {
  const reason = whyNotDebian13();
  if (reason !== undefined) skip(reason);
}
