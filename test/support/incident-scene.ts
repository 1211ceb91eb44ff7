import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { sql } from '../lab/psql.ts';
import { planDrill } from './barback-client.ts';
import { pgbench } from './pgbench.ts';
import { settledLab } from './settled-lab.ts';
import { momentOf } from './cutover-client.ts';

export interface Accident {
  readonly table: string;
  readonly kind: 'drop' | 'truncate' | 'delete' | 'update';
  readonly rows: { readonly deleted: number; readonly updated: number };
  /** What the transaction did, by its own account. */
  readonly xid: number;
  /** Rows as they should be, in the state just before it and just behind it; -1: there is no such table. */
  readonly good: { readonly before: number; readonly after: number };
}

/** A lab in which four accidents happened among many ordinary commits. */
export interface IncidentScene {
  readonly lab: Lab;
  readonly accidents: readonly Accident[];
  /** RFC 3339: around the commits and the accidents. */
  readonly from: string;
  readonly to: string;
  stop(): Promise<void>;
}

const tableRows = 1000;

const scripts = [
  { table: 'dropped_orders', kind: 'drop', text: 'DROP TABLE dropped_orders', rows: [0, 0], after: -1 },
  { table: 'emptied_orders', kind: 'truncate', text: 'TRUNCATE emptied_orders', rows: [0, 0], after: 0 },
  {
    table: 'thinned_orders',
    kind: 'delete',
    text: `DELETE FROM thinned_orders WHERE id > ${tableRows / 10}`,
    rows: [tableRows * 0.9, 0],
    after: tableRows / 10,
  },
  {
    table: 'spoiled_orders',
    kind: 'update',
    text: "UPDATE spoiled_orders SET state = 'spoiled'",
    rows: [0, tableRows],
    after: 0,
  },
] as const;

/** Spreads the accidents evenly among ordinary commits of pgbench, which go on around each of them. */
export async function incidentScene(commits: number): Promise<IncidentScene> {
  const { lab, stop } = await settledLab();
  try {
    await pgbench(lab, ['--initialize', '--quiet']);
    for (const { table } of scripts) {
      const rows = `SELECT id, 'good' AS state FROM generate_series(1, ${tableRows}) AS id`;
      await sql(lab.postgres, `CREATE TABLE ${table} AS ${rows}; ANALYZE ${table};`);
    }
    // Planning looks at the server: names are learned while the tables exist.
    await planDrill(lab, { type: 'latest' });
    const from = await momentOf(lab);
    const accidents: Accident[] = [];
    const share = String(Math.ceil(commits / scripts.length / clients));
    for (const { table, kind, text, rows, after } of scripts) {
      const running = pgbench(lab, ['--no-vacuum', '--client', String(clients), '--transactions', share]);
      await afterSome(lab);
      const answer = await sql(lab.postgres, `BEGIN; ${text}; SELECT pg_current_xact_id(); COMMIT;`);
      await running;
      const [deleted, updated] = rows;
      accidents.push({
        table,
        kind,
        rows: { deleted, updated },
        xid: Number(answer),
        good: { before: tableRows, after },
      });
    }
    const to = await momentOf(lab);
    return { lab, accidents, from, to, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const clients = 4;

/** Waits until pgbench has committed. */
async function afterSome(lab: Lab): Promise<void> {
  const count = async (): Promise<number> => Number(await sql(lab.postgres, 'SELECT count(*) FROM pgbench_history'));
  const before = await count();
  await poll('commits of pgbench', 60_000, async () => ((await count()) > before ? true : undefined));
}
