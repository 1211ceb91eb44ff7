import { patient } from '../lab/patience.ts';
import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import type { AgentProcess } from './agent-process.ts';

/** Every path below the state directory with what would change if anything did; left out are the record of refusals and the runners that wait. */
async function stateListing(agent: AgentProcess): Promise<string[]> {
  const names = await readdir(agent.stateDirectory, { recursive: true });
  const kept = names.filter((name) => !/^(refusals\.jsonl|compile-cache|standby)/.test(name));
  return Promise.all(
    kept.toSorted().map(async (name) => {
      const file = path.join(agent.stateDirectory, name);
      const { ino, mtimeMs, size } = await lstat(file);
      // The directory's own time changes with the record of refusals.
      return name === '' ? '' : `${name} ${ino} ${size} ${mtimeMs}`;
    }),
  );
}

export async function refusalLines(agent: AgentProcess): Promise<Record<string, unknown>[]> {
  const text = await readFile(path.join(agent.stateDirectory, 'refusals.jsonl'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Runs what must be refused: nothing may change but one more line in the record of refusals, which is returned. */
export async function auditedAndWithoutEffect(
  agent: AgentProcess,
  attempt: () => Promise<void>,
): Promise<Record<string, unknown>> {
  const [state, lines] = [await stateListing(agent), await refusalLines(agent)];
  await attempt();
  const deadline = Date.now() + patient(5_000);
  let after = await refusalLines(agent);
  while (after.length === lines.length && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    after = await refusalLines(agent);
  }
  expect(after.length).toBe(lines.length + 1);
  expect(await stateListing(agent)).toEqual(state);
  return after.at(-1) ?? {};
}
