import type { Result } from '@barback/shared/operations/index.ts';
import { lsnToNumber } from '@barback/shared/postgres/lsn.ts';
import type { Micros } from '@barback/shared/postgres/instant.ts';
import type { Tx } from '../db/database.ts';
import { databaseNames, relationNames } from '../db/wal-schema.ts';
import { write } from '../db/write.ts';
import type { Look } from './look.ts';
import { loadWal, saveWal } from './wal-store.ts';

type Names = Result<'relation-names'>;

/**
 * Reads the names of relations from live, if the schema may have changed since they were last read. What was learned stays: a
 * table that was dropped keeps its name here.
 */
export async function refreshNames(look: Look): Promise<void> {
  const { database, server, agent, context, clock } = look;
  const { state } = loadWal(database.orm, server);
  if (!state.namesStale || state.live === null) return;
  const catalogues: Names['catalogues'] = [];
  let first: Names | null = null;
  for (let after: Names['next'] = null; ; ) {
    const { result }: { result: Names } = await agent.call('relation-names', { server, after }, context);
    if (!result.available) return;
    first ??= result;
    catalogues.push(...result.catalogues);
    write(database, (tx) => storeNames(tx, server, result, clock.now()));
    if (result.next === null) break;
    after = result.next;
  }
  const { lsn } = first;
  write(database, (tx) => {
    const known = loadWal(tx, server);
    const namesAt = lsn === null ? known.state.namesAt : lsnToNumber(lsn);
    saveWal(tx, server, { ...known, state: { ...known.state, catalogues, namesAt, namesStale: false } });
  });
}

function storeNames(tx: Tx, server: string, names: Names, lastSeenAt: Micros): void {
  for (const { oid, name } of names.databases) {
    tx.insert(databaseNames)
      .values({ server, oid, name, lastSeenAt })
      .onConflictDoUpdate({ target: [databaseNames.server, databaseNames.oid], set: { name, lastSeenAt } })
      .run();
  }
  for (const { file, ...relation } of names.relations) {
    const { schema, name, kind, owner, rows } = relation;
    tx.insert(relationNames)
      .values({ server, ...relation, file: file ?? '', lastSeenAt })
      .onConflictDoUpdate({
        target: [relationNames.server, relationNames.database, relationNames.oid, relationNames.file],
        set: { schema, name, kind, owner, rows, lastSeenAt },
      })
      .run();
  }
}
