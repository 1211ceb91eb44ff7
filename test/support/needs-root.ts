import type { TestContext } from 'vitest';

/** Skips a test whose guarantee needs what only root can arrange, with that as the reason. */
export function needsRoot({ skip }: Pick<TestContext, 'skip'>, why: string): void {
  if (process.geteuid?.() !== 0) skip(`needs root: ${why}`);
}
