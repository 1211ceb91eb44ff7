import { readFile } from 'node:fs/promises';
import type { Lab } from '../lab/lab.ts';
import { killProgram, programPids, startProgram } from '../lab/programs.ts';
import type { Figure } from './figures.ts';

/** Private memory of gateway and executor just after their start, and how long they take to listen. */
export async function agentIdle(lab: Lab): Promise<readonly Figure[]> {
  const memory: number[] = [];
  const ready: Record<'executor' | 'gateway', number[]> = { executor: [], gateway: [] };
  for (let round = 0; round < 5; round += 1) {
    for (const name of ['executor', 'gateway'] as const) {
      await killProgram(lab, name, 'SIGTERM');
      const began = performance.now();
      await startProgram(lab, name);
      ready[name].push(performance.now() - began);
    }
    memory.push((await privateMegabytes(lab, 'executor')) + (await privateMegabytes(lab, 'gateway')));
  }
  return [
    {
      what: 'gateway + executor, private memory just after their start',
      unit: 'MB',
      samples: memory,
      budget: { atMost: 80 },
    },
    { what: 'executor, start to listening', unit: 'ms', samples: ready.executor, budget: { atMost: 300 } },
    { what: 'gateway, start to listening', unit: 'ms', samples: ready.gateway, budget: { atMost: 300 } },
  ];
}

async function privateMegabytes(lab: Lab, name: 'executor' | 'gateway'): Promise<number> {
  const [pid] = await programPids(lab, name);
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = [...text.matchAll(/^Private_\w+:\s+(\d+) kB$/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
  return (kilobytes * 1024) / 1e6;
}
