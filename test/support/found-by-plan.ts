import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { planDrill, runDrill, type PlanBody } from './barback-client.ts';

/** Codes and severities of a new drill plan's findings; `only` leaves out those of other subjects. */
export async function foundByPlan(lab: Lab, only: readonly string[]): Promise<string[]> {
  return (await findingsOn(lab, only)).map(({ code, severity }) => `${code} ${severity}`);
}

/** The findings themselves. */
export async function findingsOn(lab: Lab, only: readonly string[]): Promise<PlanBody['findings']> {
  const plan = await planDrill(lab, { type: 'latest' });
  return plan.findings.filter(({ code }) => only.includes(code));
}

/** Waits until a plan finds exactly these: a server that just started or was promoted may refuse plans until Barman has caught up. */
export async function untilFound(lab: Lab, only: readonly string[], expected: readonly string[]): Promise<void> {
  let last = '';
  await poll(
    () => `a plan that finds ${expected.join(', ')}: ${last}`,
    120_000,
    async () => {
      last = await foundByPlan(lab, only).then(
        (found) => found.join(', '),
        (error: unknown) => String(error),
      );
      return last === expected.join(', ') ? true : undefined;
    },
    1_000,
  );
}

/** Rows of one column that a drill to the latest commit finds in its copy, by a query that names the column `value`. */
export async function restoredValues(lab: Lab, query: string): Promise<(string | null | undefined)[]> {
  const probe = { name: 'values', database: lab.postgres.database, sql: query };
  const run = await runDrill(lab, { type: 'latest' }, { probes: [probe] });
  if (run.state !== 'succeeded') throw new Error(`the drill did not succeed: ${JSON.stringify(run, null, 1)}`);
  return (run.result?.probes[0]?.rows ?? []).map((row) => row['value']);
}
