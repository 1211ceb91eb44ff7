import type { TestContext } from 'vitest';
import { mustRun } from '../lab/run-command.ts';

/** What a test mounts inside its lab, to be unmounted before the lab is taken down. */
export class Mounts {
  readonly #places: string[] = [];

  static get allowed(): boolean {
    return process.geteuid?.() === 0;
  }

  /** Skips the test, with the reason, where nothing can be mounted. */
  static require(skip: TestContext['skip']): void {
    if (!Mounts.allowed) skip('mounting a filesystem of its own needs root');
  }

  async mount(args: readonly string[], place: string): Promise<void> {
    await mustRun(['mount', ...args, place]);
    this.#places.push(place);
  }

  /** Detached: processes of the lab may still work in it. */
  async unmount(place: string): Promise<void> {
    await mustRun(['umount', '--lazy', place]);
    this.#places.splice(this.#places.lastIndexOf(place), 1);
  }

  async unmountAll(): Promise<void> {
    for (const place of this.#places.toReversed()) await this.unmount(place);
  }
}
