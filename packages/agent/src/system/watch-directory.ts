import { watch } from 'node:fs';

export interface DirectoryWatch {
  /** Resolves at the next change since the last call, or after `ms`, or when the signal aborts. */
  next(ms: number, signal?: AbortSignal): Promise<void>;
  close(): void;
}

/** Begins to notice changes in a directory (inotify); look at the directory after this, so that none is missed. */
export function watchDirectory(directory: string): DirectoryWatch {
  let changed = false;
  let wake: (() => void) | undefined;
  const watcher = watch(directory, { persistent: false }, () => {
    changed = true;
    wake?.();
  });
  // A directory that vanishes is noticed by whoever looks at it after the timeout.
  watcher.on('error', () => undefined);
  return {
    async next(ms, signal) {
      if (!changed && !signal?.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          signal?.addEventListener('abort', wake, { once: true });
        });
        if (wake) signal?.removeEventListener('abort', wake);
        wake = undefined;
      }
      changed = false;
    },
    close: () => watcher.close(),
  };
}
