import path from 'node:path';
import { newId } from '@barback/shared/wire/identifiers.ts';
import type { AgentConfig } from '../config.ts';
import { typedLine } from '../operations/child-argv.ts';
import { openClosedByImports } from '../operations/closed-databases.ts';
import { serverProcess } from '../operations/copy-process.ts';
import type { Call, Host } from '../operations/handler.ts';
import { releaseLive } from '../operations/hold.ts';
import { handlers } from '../operations/index.ts';
import { scratchPlace } from '../operations/scratch-place.ts';
import { readSealed } from '../operations/sealed-record.ts';
import { readSwap } from '../operations/swap-record.ts';
import { hostOf } from '../registry.ts';
import { nowMicros } from '../system/clock.ts';
import { appendRotating } from '../system/files.ts';
import { barWaitingJobs, jobUnderWay } from './release-server.ts';
import { planUnderWay, rescueStatus } from './rescue-status.ts';

const verbs = ['status', 'finish', 'undo', 'lift'] as const;
type Verb = (typeof verbs)[number];

const stopMs = 10 * 60_000;
const startMs = 45 * 60_000;
const journalBytesMax = 16 * 1024 * 1024;

/**
 * For the night in which the api is gone too (T35): looks at the live path by inode, and finishes or takes back what a plan left
 * half done, by the same handlers that a run uses. Answers what to print.
 */
export async function rescue(
  config: AgentConfig,
  verb: string | undefined,
  server: string | undefined,
): Promise<string> {
  const known = verbs.find((one) => one === verb);
  if (known === undefined) throw new Error(`name what to do: barback-agent rescue ${verbs.join(' | ')} --server NAME`);
  if (server === undefined || !Object.hasOwn(config.servers, server)) {
    throw new Error(`name one of the servers of this agent: --server ${Object.keys(config.servers).join(' | ')}`);
  }
  const host = hostOf(config, server);
  if (known === 'status') return rescueStatus(host);
  await barWaitingJobs(config, server);
  const busy = await jobUnderWay(config, server);
  if (busy !== undefined)
    throw new Error(`cannot ${known}: job ${busy} is under way; wait for its end, or stop the executor`);
  await journal(host, { verb: known, began: true });
  const said = await carryOut(host, known);
  await journal(host, { verb: known, said });
  return `${said.join('\n')}\n\n${await rescueStatus(host)}`;
}

async function carryOut(host: Host, verb: Exclude<Verb, 'status'>): Promise<string[]> {
  const plan = await planUnderWay(host);
  const call = callOf(plan);
  const server = host.serverName;
  if (verb === 'lift') {
    await releaseLive(host);
    const { wasFenced } = await handlers['live-unfence'].perform(host, { server }, call);
    const lifted = wasFenced ? 'hold and fence are lifted' : 'there was no fence; a hold is lifted';
    if (!(await serverProcess(host.server.postgres.dataDirectory))) return [lifted];
    const opened = await openClosedByImports(host, call.signal);
    return [lifted, ...opened.map((name) => `the database ${name} is open again`)];
  }
  if (plan === null) throw new Error(`cannot ${verb}: no plan has touched what is live on ${server}`);
  if (verb === 'undo') await takeBack(host, plan, call);
  else await finishSwap(host, plan, call);
  const started = await handlers['live-start'].perform(host, { server, deadlineMs: startMs }, call);
  return [
    verb === 'undo'
      ? 'what was live before lies at the live path again'
      : 'the restored directory lies at the live path',
    `PostgreSQL ${started.wasRunning ? 'runs' : 'was started'}: timeline ${started.timeline}, system ${started.systemIdentifier}`,
    `if it is right, let everybody in: ${typedLine(`rescue lift --server ${server}`)}`,
  ];
}

/** Where the directories lie as before there is nothing to stop: only what keeps live from being started is in the way. */
async function takeBack(host: Host, plan: string, call: Call): Promise<void> {
  const { serverName: server } = host;
  const swap = await readSwap(host, plan);
  const isSwapped = swap !== undefined && swap.state !== 'undone';
  if (isSwapped && !swap.oldIsCluster) {
    throw new Error(
      `cannot undo: ${swap.keptPath} holds no cluster (deleted to make room, or damaged). Restore to another target instead`,
    );
  }
  if (isSwapped) await handlers['live-stop'].perform(host, { server, deadlineMs: stopMs }, call);
  await handlers['live-swap-back'].perform(host, { server }, call);
}

/** Everything is looked at before live is stopped. A plan that stopped before its swap has a copy that is ready, or there is nothing to finish. */
async function finishSwap(host: Host, plan: string, call: Call): Promise<void> {
  const { serverName: server } = host;
  const swap = await readSwap(host, plan);
  if (swap?.state === 'done') return;
  if (swap?.state === 'undone')
    throw new Error(`cannot finish: what plan ${plan} restored was taken back; make a new plan`);
  if (!swap && !(await readSealed(scratchPlace(host, plan)))) {
    throw new Error(`cannot finish: plan ${plan} has no copy that is ready; undo starts what lies at the live path`);
  }
  await handlers['live-stop'].perform(host, { server, deadlineMs: stopMs }, call);
  await handlers['live-swap'].perform(host, { server, incoming: { from: 'scratch' } }, call);
}

function callOf(plan: string | null): Call {
  return {
    opid: newId(Math.floor(nowMicros() / 1000)),
    plan,
    signal: new AbortController().signal,
    progress: () => undefined,
    log: () => undefined,
  };
}

/** What was done without the api is written down here. */
async function journal({ config, serverName }: Host, what: object): Promise<void> {
  const line = JSON.stringify({ at: nowMicros(), server: serverName, ...what });
  await appendRotating(path.join(config.stateDirectory, 'rescue.jsonl'), `${line}\n`, journalBytesMax);
}
