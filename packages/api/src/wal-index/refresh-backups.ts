import { write } from '../db/write.ts';
import type { Look } from './look.ts';
import { loadWal, saveWal } from './wal-store.ts';

/** Reads Barman's catalogue if it is another than at the last look; `mark` tells. */
export async function refreshBackups(look: Look, mark: string): Promise<void> {
  const { database, server, agent, context, clock } = look;
  if (loadWal(database.orm, server).backupsMark === mark) return;
  const { result } = await agent.call('backup-list', { server }, context);
  write(database, (tx) => {
    const known = loadWal(tx, server);
    saveWal(tx, server, { ...known, backups: result.backups, backupsMark: mark, backupsAt: clock.now() });
  });
}
