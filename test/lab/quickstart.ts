import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type CurlLine, curlLine, runCurl } from './curl.ts';
import { labDown } from './down.ts';
import { type Lab, readLab } from './lab.ts';
import { poll } from './poll.ts';
import { sql } from './psql.ts';
import { mustRun } from './run-command.ts';
import { labUp } from './up.ts';

interface RunBody {
  readonly id: string;
  readonly state: string;
  readonly problem: { readonly detail: string } | null;
  readonly steps: readonly {
    readonly name: string;
    readonly title: string;
    readonly state: string;
    readonly progress: { readonly bytes: number; readonly totalBytes: number | null } | null;
  }[];
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const heading = (text: string): void => say(`\n\u001B[1m${text}\u001B[0m`);
const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(1);

/** The README's story on a real cluster: an accident, who did it, a drill to just before it over REST, the proof, the record. */
async function quickstart(dir: string): Promise<void> {
  const began = performance.now();
  const lab = await lendLab(dir);
  const header = path.join(dir, 'keys', 'operator.header');
  const api = lab.api;

  heading('What can be restored?');
  const made = await makeSure(lab);
  await indexed(lab, made, curlLine(header, `${api.url}/v1/servers/main/window`));
  say(await show(curlLine(header, `${api.url}/v1/servers/main/window.txt`)));

  heading('An accident: a table is gone, and work goes on');
  say('$ psql -c "DROP TABLE invoices"');
  await sql(
    lab.postgres,
    "DROP TABLE invoices; INSERT INTO orders (customer, amount) VALUES ('after the accident', 1);",
  );

  heading('Which transaction did it, and what was there just before?');
  const xid = await culprit(curlLine(header, `${api.url}/v1/servers/main/transactions?kind=drop&limit=1`));
  say(await show(curlLine(header, `${api.url}/v1/servers/main/transactions.txt?kind=drop`)));
  say(await show(curlLine(header, `${api.url}/v1/servers/main/reachable.txt?before_transaction=${xid}`)));

  heading('A plan: everything resolved, nothing touched');
  const wanted = {
    server: 'main',
    scenario: 'drill',
    target: { type: 'before-transaction', xid },
    options: {
      probes: [{ name: 'the lost invoices', database: 'system', sql: 'SELECT count(*) FROM invoices' }],
      amcheck: 'tables',
    },
  };
  const plan = JSON.parse(await show(curlLine(header, '--json', JSON.stringify(wanted), `${api.url}/v1/plans`))) as {
    id: string;
  };
  say(await show(curlLine(header, `${api.url}/v1/plans/${plan.id}.txt`)));

  heading('The drill');
  const started = await show(curlLine(header, '-X', 'POST', `${api.url}/v1/plans/${plan.id}/runs`));
  const run = await follow(curlLine(header, `${api.url}/v1/runs/${(JSON.parse(started) as { id: string }).id}`));

  heading('What was proven');
  say(await show(curlLine(header, `${api.url}/v1/runs/${run.id}/report.txt`)));
  if (run.state !== 'succeeded')
    throw new Error(`the drill ended as ${run.state}: ${run.problem?.detail ?? 'see above'}`);

  heading('The record, verified offline');
  const exported = path.join(dir, 'audit.jsonl');
  const auditor = path.join(dir, 'keys', 'admin.header');
  await show(curlLine(auditor, '-o', exported, `${api.url}/v1/audit/export`));
  say(`$ npm run -s api -- audit verify ${exported}`);
  const program = path.join(dir, 'app', 'api.mjs');
  say(await mustRun([process.execPath, program, 'audit', 'verify', exported]));

  heading(`Done in ${seconds(began)} s. The lab goes on running; try next`);
  say(nextLines(lab, header));
}

async function lendLab(dir: string): Promise<Lab> {
  const existing = existsSync(path.join(dir, 'lab.json')) ? await readLab(dir) : undefined;
  if (
    existing &&
    (await fetch(`${existing.api.url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    ))
  ) {
    heading(`Using the lab that is running in ${dir}`);
    return existing;
  }
  await labDown(dir);
  heading(`Building a lab in ${dir}`);
  const began = performance.now();
  const lab = await labUp({ dir, sizeMb: 64, tablespace: true, onProgress: (part) => say(`  … ${part}`) });
  say(`  ready after ${seconds(began)} s: PostgreSQL ${lab.postgres.version}, Barman, the api and the agent`);
  return lab;
}

/** Answers where WAL was when the table was made: an earlier quickstart in this lab has dropped it. */
async function makeSure({ postgres }: Lab): Promise<string> {
  if ((await sql(postgres, "SELECT to_regclass('invoices') IS NOT NULL")) === 't') return '0/0';
  await sql(postgres, 'CREATE TABLE invoices AS SELECT id, id AS order_id, created_at AS issued_at FROM orders');
  return sql(postgres, 'SELECT pg_current_wal_lsn()');
}

/** Waits until the index has read what Barman holds, and the names of the tables: a moment, after the api has started. */
async function indexed({ postgres }: Lab, made: string, line: CurlLine): Promise<void> {
  await poll('the index', 60_000, async () => {
    const { index } = JSON.parse(await runCurl(line)) as { index: { unread: number; namesLsn: string | null } };
    const isNamed = index.namesLsn !== null && (await isAtLeast(postgres, index.namesLsn, made));
    return index.unread === 0 && isNamed ? true : undefined;
  });
}

async function isAtLeast(postgres: Lab['postgres'], lsn: string, least: string): Promise<boolean> {
  return (await sql(postgres, `SELECT '${lsn}'::pg_lsn >= '${least}'::pg_lsn`)) === 't';
}

/** Barman receives WAL within a moment. */
function culprit(line: CurlLine): Promise<number> {
  return poll('the transaction in the index', 30_000, async () => {
    const page = JSON.parse(await runCurl(line)) as { transactions: readonly { xid: number }[] };
    return page.transactions[0]?.xid;
  });
}

async function show(line: CurlLine): Promise<string> {
  say(`$ ${line.shown}`);
  return (await runCurl(line)).trimEnd();
}

async function follow(line: CurlLine): Promise<RunBody> {
  say(`$ ${line.shown}    (every half second)`);
  const said = new Set<string>();
  for (;;) {
    const run = JSON.parse(await runCurl(line)) as RunBody;
    for (const step of run.steps) {
      const text = `  ${step.state.padEnd(10)} ${step.title}${share(step.progress)}`;
      if (step.state === 'pending' || said.has(text)) continue;
      said.add(text);
      say(text);
    }
    if (!['queued', 'running', 'waiting'].includes(run.state)) return run;
    await delay(500);
  }
}

function share(progress: RunBody['steps'][number]['progress']): string {
  if (!progress?.totalBytes) return '';
  return `  ${Math.min(100, Math.floor((100 * progress.bytes) / progress.totalBytes))} %`;
}

function nextLines(lab: Lab, header: string): string {
  const url = lab.api.url;
  const again = { server: 'main', scenario: 'drill', target: { type: 'immediate' } };
  return [
    '# drill again: plan, then start the plan that the answer names',
    curlLine(header, '--json', JSON.stringify(again), `${url}/v1/plans`).shown,
    '# list backups, runs, what happened',
    curlLine(header, `${url}/v1/servers/main/backups.txt`).shown,
    curlLine(header, `${url}/v1/runs.txt`).shown,
    '# stop the lab and remove it',
    `npm run lab -- down --dir ${lab.dir}`,
  ].join('\n');
}

const uid = process.geteuid?.() ?? 0;
// Not below a home directory: as root, PostgreSQL's and Barman's users must be able to search every parent.
const place = process.argv[2] ?? (uid === 0 ? '/var/tmp/barback-quickstart' : `/var/tmp/barback-quickstart-${uid}`);

quickstart(place).catch((error: unknown) => {
  process.stderr.write(`\nquickstart stopped: ${(error as Error).message}\n`);
  process.exitCode = 1;
});
