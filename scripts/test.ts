// Everything a change must pass: `npm test`, `npm run check` (--static: without PostgreSQL and Barman), `npm run test:full` (--full).
import { parseArgs } from 'node:util';
import { ensureRequirements } from '../test/lab/requirements.ts';
import { runTests, type TestProject } from './checks/run-tests.ts';
import { STOPPING } from './checks/run-tool.ts';
import { staticChecks } from './checks/static-checks.ts';
import { Tally } from './checks/tally.ts';
import { runDebian13, whyNotDebian13 } from './debian/run-debian-13.ts';
import { DEBIAN_13_TEST_FILES } from './debian/test-files.ts';

const { values: options } = parseArgs({ options: { static: { type: 'boolean' }, full: { type: 'boolean' } } });

const PROJECTS: readonly TestProject[] = [
  { name: 'unit', workers: 2 },
  // Each file has labs of its own: PostgreSQL, Barman, api and agent. More than two at a time only make each other late.
  { name: 'end-to-end', workers: 2 },
  { name: 'guards', workers: 2 },
];

const interruption = new AbortController();
for (const signal of STOPPING) process.on(signal, () => interruption.abort());

const seconds = (since: number): string => `${((performance.now() - since) / 1_000).toFixed(1)} s`;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function runStaticChecks(tally: Tally): Promise<void> {
  const waiting = [...staticChecks];
  const worker = async (): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined && !interruption.signal.aborted; check = waiting.shift()) {
      const started = performance.now();
      const { code, output } = await check.run();
      tally.count(code === 0);
      say(`${code === 0 ? 'ok    ' : 'FAILED'} ${check.name} (${seconds(started)})`);
      if (code !== 0) say(output.trimEnd());
    }
  };
  await Promise.all([worker(), worker()]);
}

/** PostgreSQL, Barman and rsync are installed, or the one command that installs them is said. */
async function haveRequirements(tally: Tally): Promise<boolean> {
  const started = performance.now();
  try {
    await ensureRequirements();
    say(`ok     requirements (${seconds(started)})`);
    tally.count(true);
    return true;
  } catch (error) {
    say(`FAILED requirements (${seconds(started)})`);
    say(error instanceof Error ? error.message : String(error));
    tally.count(false);
    return false;
  }
}

async function runProject(project: TestProject, tally: Tally): Promise<void> {
  const started = performance.now();
  const { summary, code } = await runTests(project);
  const failure = tally.countTests(summary, code);
  say(
    `${failure === undefined ? 'ok    ' : 'FAILED'} ${project.name} tests (${failure ?? `${summary?.passed} passed`}, ${seconds(started)})`,
  );
}

async function runProjects(projects: readonly TestProject[], tally: Tally): Promise<void> {
  const equipped = await haveRequirements(tally);
  for (const project of projects) {
    const withoutLab = project.name === 'unit' || project.name === 'guards';
    if (!interruption.signal.aborted && (equipped || withoutLab)) await runProject(project, tally);
  }
}

/** The same guarantees with the other versions that are supported; what is run there counts like any other test. */
async function runOnDebian13(tally: Tally): Promise<void> {
  const reason = whyNotDebian13();
  if (reason !== undefined) {
    tally.skipped.push({ name: 'end-to-end tests on Debian 13', reason });
    return;
  }
  const started = performance.now();
  let failure: string | undefined;
  try {
    const { summary, code } = await runDebian13(DEBIAN_13_TEST_FILES, { signal: interruption.signal, say });
    failure = tally.countTests(summary, code);
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
    tally.count(false);
  }
  say(
    `${failure === undefined ? 'ok    ' : 'FAILED'} tests on Debian 13 (${failure ?? 'passed'}, ${seconds(started)})`,
  );
}

async function main(): Promise<void> {
  const tally = new Tally();
  await runStaticChecks(tally);
  if (!options.static) await runProjects(options.full ? [...PROJECTS, { name: 'full', workers: 1 }] : PROJECTS, tally);
  if (options.full && !interruption.signal.aborted) await runOnDebian13(tally);
  for (const { name, reason } of tally.skipped) say(`skipped: ${name} (${reason})`);
  for (const { name, reason } of tally.unsteady) say(`unsteady: ${name} passed at the second attempt (${reason})`);
  if (interruption.signal.aborted) {
    say('interrupted: the rest was not run');
    tally.count(false);
  }
  process.exitCode = tally.failed === 0 ? 0 : 1;
  say(String(tally));
}

await main();
