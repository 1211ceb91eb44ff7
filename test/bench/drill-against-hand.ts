import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
import { mustRun } from '../lab/run-command.ts';
import { planDrill, startRun, waitForRun, type RunBody } from '../support/barback-client.ts';
import { drillByHand, type Phases } from './by-hand.ts';
import { median } from './figures.ts';

interface Pair {
  readonly hand: Phases;
  readonly barback: Phases;
}

/**
 * The same drill by Barback and by hand, in turn, so that both meet the machine in the same mood. Each goes first every second time, and
 * begins when ext4 does not look past the numbers of the files any more that the one before it has deleted.
 */
export async function drillAgainstHand(lab: Lab, rounds: number): Promise<string> {
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const byHand = async (): Promise<Phases> => forgotten().then(() => drillByHand(lab, round));
    const byBarback = async (): Promise<Phases> => forgotten().then(() => drillByBarback(lab));
    if (round % 2 === 0) {
      const hand = await byHand();
      pairs.push({ hand, barback: await byBarback() });
    } else {
      const barback = await byBarback();
      pairs.push({ hand: await byHand(), barback });
    }
  }
  const names = ['copy', 'manifest', 'replay', 'count', 'clean', 'whole'] as const;
  const rows = names.map((name) => row(titles[name], pairs, (phases) => phases[name]));
  rows.push(row('copy and replay', pairs, (phases) => phases.copy + phases.replay));
  return ['| part | by hand, s | Barback, s | ratio of pairs |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/**
 * ext4 gives no inode out again within a minute of its deletion, and looks at each such one for every new file (Linux, fs/ext4/ialloc.c,
 * recently_deleted: a minute, and five more while its table is not written): a copy after the deletion of another takes up to twice as long.
 */
const forgottenMs = 65_000;

async function forgotten(): Promise<void> {
  await mustRun(['sync'], { limitMs: 600_000 });
  await delay(forgottenMs);
}

function row(title: string, pairs: readonly Pair[], seconds: (phases: Phases) => number): string {
  const middle = (value: (pair: Pair) => number): string => median(pairs.map(value)).toFixed(2);
  const ratios = pairs.map(({ hand, barback }) => seconds(barback) / seconds(hand));
  const range = `${Math.min(...ratios).toFixed(2)} – ${Math.max(...ratios).toFixed(2)}`;
  return `| ${title} | ${middle(({ hand }) => seconds(hand))} | ${middle(({ barback }) => seconds(barback))} | ${median(ratios).toFixed(2)} (${range}) |`;
}

const titles: Record<keyof Phases, string> = {
  copy: 'copy: `barman recover` and the WAL',
  manifest: 'manifest: `pg_verifybackup`',
  replay: 'start and replay to the end',
  count: 'count rows',
  clean: 'stop and delete',
  whole: 'the whole drill, Barback with plan, lease, live comparison and audit',
};

async function drillByBarback(lab: Lab): Promise<Phases> {
  const began = performance.now();
  const started = await startRun(lab, await planDrill(lab, { type: 'latest' }));
  const run = await waitForRun(lab, started.id, (one) => one.state === 'succeeded', 600_000);
  const whole = (performance.now() - began) / 1000;
  const phase = (name: string): number => {
    const seconds = run.result?.phases[name];
    if (typeof seconds !== 'number') throw new Error(`the drill does not say how long ${name} took`);
    return seconds;
  };
  return {
    copy: phase('recover'),
    manifest: phase('verifyManifest'),
    // To `latest` PostgreSQL opens by itself, and `replay` ends when it says so; `promote` only asks for its new timeline.
    replay: phase('start') + phase('replay'),
    count: phase('probe'),
    clean: stepSeconds(run, 'stop') + stepSeconds(run, 'discard'),
    whole,
  };
}

function stepSeconds(run: RunBody, name: string): number {
  const step = run.steps.find((one) => one.name === name);
  if (!step?.startedAt || !step.finishedAt) throw new Error(`the run does not say how long ${name} took`);
  return (Date.parse(step.finishedAt) - Date.parse(step.startedAt)) / 1000;
}
