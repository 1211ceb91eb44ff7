import { countsSchema, countsSql, type Counts } from '../postgres/import-sql.ts';
import { importPsqlArgv } from '../postgres/import-argv.ts';
import { streamProgram } from '../system/run-program.ts';
import type { Call } from './handler.ts';
import { importProgram, sourceOf, unreachable, type ServerSource } from './import-source.ts';

const heldMs = 48 * 3_600_000;

/**
 * Then it waits for more: a session that waits ends with its connection, one that sleeps would hold its locks, and keep the source's vacuum
 * from its work, for as long as it sleeps.
 */
const script = [
  'SET tcp_keepalives_idle = 60;',
  'SET tcp_keepalives_interval = 15;',
  'SET tcp_keepalives_count = 4;',
  'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;',
  'SET LOCAL statement_timeout = 0;',
  'SET LOCAL idle_in_transaction_session_timeout = 0;',
  'SET LOCAL search_path = pg_catalog;',
  'SELECT pg_export_snapshot();',
  countsSql,
  '',
].join('\n');

/** A snapshot of the source that lasts as long as `work` does; answers what it holds, counted meanwhile. */
export async function withSnapshot(
  source: ServerSource,
  work: (snapshot: string) => Promise<void>,
  call: Call,
): Promise<Counts> {
  const argv = importPsqlArgv(source.host.server.postgres.binDirectory, sourceOf(source));
  const program = importProgram(source, 'source', { argv, stdin: script, timeoutMs: heldMs });
  const lines = new Lines();
  const over = new AbortController();
  const session = streamProgram(program, (chunk) => lines.add(chunk), AbortSignal.any([call.signal, over.signal]));
  const ended = session.then((outcome) => {
    call.signal.throwIfAborted();
    throw unreachable(source, `its session has ended: ${outcome.stderr.trim().slice(-500)}`);
  });
  // What ended first is told where it is waited for.
  ended.catch(() => undefined);
  try {
    await work(await Promise.race([lines.line(0), ended]));
    call.progress('count', 0, null);
    return countsSchema.parse(JSON.parse(await Promise.race([lines.line(1), ended])));
  } finally {
    over.abort();
    await session;
  }
}

/** Lines as they come, by their number. */
class Lines {
  private text = '';
  private readonly waiting = new Map<number, (line: string) => void>();

  add(chunk: Buffer): boolean {
    this.text += chunk.toString('utf8');
    const complete = this.text.split('\n').slice(0, -1);
    for (const [at, resolve] of this.waiting) if (complete[at] !== undefined) resolve(complete[at]);
    return true;
  }

  line(at: number): Promise<string> {
    return new Promise((resolve) => {
      this.waiting.set(at, resolve);
      this.add(Buffer.alloc(0));
    });
  }
}
