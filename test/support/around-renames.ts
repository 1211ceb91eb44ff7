import { ParentDirectory } from '@barback/agent/system/parent-directory.ts';
import { vi } from 'vitest';

type Rename = (this: ParentDirectory, from: string, to: string) => Promise<void>;

/** Carries out every rename of a swap between two looks, counted from 1; a look that throws is where the agent dies. */
export async function aroundRenames(
  work: () => Promise<unknown>,
  { before, behind }: Readonly<Record<'before' | 'behind', (rename: number) => Promise<void> | void>>,
): Promise<void> {
  const rename = Object.getOwnPropertyDescriptor(ParentDirectory.prototype, 'rename')?.value as Rename;
  let count = 0;
  const spy = vi.spyOn(ParentDirectory.prototype, 'rename');
  spy.mockImplementation(async function (this: ParentDirectory, from, to) {
    count += 1;
    await before(count);
    await rename.call(this, from, to);
    await behind(count);
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
}
