import { readFile, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import path from 'node:path';
import { labDown } from '../lab/down.ts';
import type { Lab } from '../lab/lab.ts';
import { runCommand } from '../lab/run-command.ts';
import { labUp } from '../lab/up.ts';
import { agentIdle } from './agent-idle.ts';
import { auditRates } from './audit-rates.ts';
import { drillAgainstHand } from './drill-against-hand.ts';
import { figureTable, withSection, type Figure } from './figures.ts';
import { importFigures } from './import-against-hand.ts';
import { indexCold } from './index-cold.ts';
import { indexWarm } from './index-warm.ts';
import { mirrorFigures } from './mirror.ts';
import { outageFigures } from './outage.ts';
import { stepOverhead } from './step-overhead.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const full = process.argv.includes('--full');
const sizesMb = full ? [200, 2_000, 10_000] : [200];
const outageSizesMb = full ? [200, 2_000, 10_000] : [200];
const importSizesMb = full ? [200, 2_000] : [200];
const mirrorSizesMb = full ? [200, 2_000] : [200];
const rounds = 3;
/** Even, so that each side goes first as often as the other. */
const drillRounds = 4;
const walMb = 2_200;
const figuresFile = path.join(import.meta.dirname, '../../docs/figures.md');
const today = (): string => new Date().toISOString().slice(0, 10);

/** Measures everything that the documents quote; `--write` makes docs/figures.md. `--drills`, `--outages`, `--mirrors`, `--imports` and `--steps` measure only those. */
async function bench(): Promise<void> {
  const parts: string[] = [];
  if (process.argv.includes('--drills')) {
    for (const sizeMb of sizesMb) await onlySection(await inLab(sizeMb, (lab) => drills(lab, sizeMb, '--drills')));
    return;
  }
  if (process.argv.includes('--outages')) return onlySection(await outages());
  if (process.argv.includes('--mirrors')) return onlySection(await mirrors());
  if (process.argv.includes('--imports')) return onlySection(await imports());
  if (process.argv.includes('--steps'))
    return onlySection(await inLab(sizesMb[0] ?? 0, (lab) => smallFigures(lab, '--steps')));
  for (const [index, sizeMb] of sizesMb.entries()) {
    await inLab(sizeMb, async (lab) => {
      if (index === 0) parts.push(await machine(lab));
      parts.push(await drills(lab, sizeMb));
      if (index === 0) parts.push(await indexFigures(lab));
      // Last: its plan holds the server, and no run of the api takes it from a plan that the api does not know.
      if (index === 0) parts.push(await smallFigures(lab));
    });
  }
  parts.push(await mirrors(), await imports(), await outages());
  const document = `${parts.join('\n\n')}\n`;
  say(document);
  if (!process.argv.includes('--write')) return;
  await writeFile(figuresFile, document);
}

async function inLab<T>(sizeMb: number, measure: (lab: Lab) => Promise<T>): Promise<T> {
  const dir = `/var/tmp/barback-bench-${process.pid}`;
  say(`building a lab with ${sizeMb} MB …`);
  const lab = await labUp({ dir, sizeMb });
  try {
    return await measure(lab);
  } finally {
    await labDown(dir);
  }
}

async function drills(lab: Lab, sizeMb: number, flag?: string): Promise<string> {
  say(`drills of ${sizeMb} MB, by hand and by Barback, ${drillRounds} pairs …`);
  return `## A drill of ${sizeMb} MB to the latest state, ${drillRounds} pairs\n\n${measuredWhen(flag)}${await drillAgainstHand(lab, drillRounds)}`;
}

/** In the document it takes the place of the one that is there. */
async function onlySection(section: string): Promise<void> {
  say(section);
  if (!process.argv.includes('--write')) return;
  await writeFile(figuresFile, withSection(await readFile(figuresFile, 'utf8'), section));
}

/** Each size in a lab of its own: the runbook leaves Barman without what comes after, and a mirror begins with none. */
async function perSize(
  sizes: readonly number[],
  measure: (lab: Lab, sizeMb: number) => Promise<readonly Figure[]>,
  ofLabMb?: number,
) {
  const figures: Figure[] = [];
  for (const sizeMb of sizes) {
    figures.push(...(await inLab(ofLabMb ?? sizeMb, (lab) => measure(lab, sizeMb))));
  }
  return figures;
}

function measured(flag: string): string {
  return `Measured by \`npm run bench${full ? ':full' : ''} -- ${flag}\` on ${today()}, on the same machine.`;
}

/** A part of the whole document was measured with it. */
function measuredWhen(flag: string | undefined): string {
  return flag === undefined ? '' : `${measured(flag)}\n\n`;
}

async function outages(): Promise<string> {
  say('restores of live …');
  const figures = await perSize(outageSizesMb, (lab, sizeMb) => outageFigures(lab, rounds, sizeMb));
  return `## The outage of a restore of live, ${rounds} rounds\n\n${measured('--outages')}\n\n${figureTable(figures)}`;
}

async function mirrors(): Promise<string> {
  say('mirrors …');
  const figures = await perSize(mirrorSizesMb, (lab, sizeMb) => mirrorFigures(lab, rounds, sizeMb));
  return `## A mirror on a box of the same machine\n\n${measured('--mirrors')}\n\n${figureTable(figures)}`;
}

async function imports(): Promise<string> {
  say('imports …');
  const figures = await perSize(importSizesMb, (lab, sizeMb) => importFigures(lab, rounds, sizeMb), 0);
  return `## An import from a PostgreSQL on the same machine over TLS, ${rounds} pairs\n\n${measured('--imports')}\n\n${figureTable(figures)}`;
}

async function indexFigures(lab: Lab): Promise<string> {
  say(`an index of ${walMb} MB of WAL …`);
  const cold = await indexCold(lab, walMb);
  say('answers from a large index …');
  return `## The commit index\n\n${figureTable([...cold, ...(await indexWarm())])}`;
}

async function smallFigures(lab: Lab, flag?: string): Promise<string> {
  say('the price of a step …');
  const steps = await stepOverhead(lab);
  say('the agent at rest …');
  const idle = await agentIdle(lab);
  return `## Steps, the agent at rest, the audit log\n\n${measuredWhen(flag)}${figureTable([...steps, ...idle, ...auditRates()])}`;
}

async function machine(lab: Lab): Promise<string> {
  const first = async (...argv: string[]): Promise<string> =>
    (await runCommand(argv)).stdout.split('\n')[0]?.trim() ?? '';
  const debian = (await readFile('/etc/debian_version', 'utf8').catch(() => 'unknown')).trim();
  const memory = Math.round(totalmem() / 1024 ** 3);
  return [
    '# Figures',
    `Written by \`npm run bench${full ? ':full' : ''} -- --write\` on ${today()}; nothing here is typed by hand.`,
    `Machine: ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${memory} GiB, Linux ${release()}, Debian ${debian}, Node ${process.version}, ` +
      `${await first(path.join(lab.postgres.binDir, 'postgres'), '--version')}, Barman ${(await first(...lab.barman.argv.slice(0, 1), '--version')).split(' ')[0]}.`,
  ].join('\n\n');
}

bench().catch((error: unknown) => {
  process.stderr.write(`the bench stopped: ${(error as Error).stack}\n`);
  process.exitCode = 1;
});
