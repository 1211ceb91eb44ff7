import type { Lab } from '../lab/lab.ts';
import { planDrill, startRun, waitForRun, type RunBody } from '../support/barback-client.ts';
import { drillByHand, type Phases } from './by-hand.ts';
import { median } from './figures.ts';

interface Pair {
  readonly hand: Phases;
  readonly barback: Phases;
}

/** The same drill by Barback and by hand, in turn, so that both meet the machine in the same mood. */
export async function drillAgainstHand(lab: Lab, rounds: number): Promise<string> {
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const hand = await drillByHand(lab, round);
    pairs.push({ hand, barback: await drillByBarback(lab) });
  }
  const names = ['copy', 'manifest', 'replay', 'count', 'clean', 'whole'] as const;
  const rows = names.map((name) => row(titles[name], pairs, (phases) => phases[name]));
  rows.push(row('copy and replay', pairs, (phases) => phases.copy + phases.replay));
  return ['| part | by hand, s | Barback, s | ratio of pairs |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function row(title: string, pairs: readonly Pair[], seconds: (phases: Phases) => number): string {
  const middle = (value: (pair: Pair) => number): string => median(pairs.map(value)).toFixed(2);
  const ratio = middle(({ hand, barback }) => seconds(barback) / seconds(hand));
  return `| ${title} | ${middle(({ hand }) => seconds(hand))} | ${middle(({ barback }) => seconds(barback))} | ${ratio} |`;
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
    replay: phase('start') + phase('replay') + phase('promote'),
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
