import { writeFile } from 'node:fs/promises';
import type { Lab } from '../lab/lab.ts';

/** The lab with a Barman that waits before it recovers, until it is let go. */
export async function withWaitingBarman(lab: Lab): Promise<{ readonly lab: Lab; letGo(): Promise<void> }> {
  const gate = `${lab.dir}/gate`;
  const waiting = `${lab.dir}/barman-that-waits`;
  const script = `#!/bin/sh\ncase " $* " in *" recover "*) while [ ! -e ${gate} ]; do sleep 0.05; done;; esac\nexec "$@"\n`;
  await writeFile(waiting, script, { mode: 0o755 });
  const barman = { ...lab.barman, argv: [waiting, ...lab.barman.argv] };
  return { lab: { ...lab, barman }, letGo: () => writeFile(gate, '') };
}
