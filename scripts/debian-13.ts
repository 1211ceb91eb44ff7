// Runs test files on Debian 13 with PostgreSQL 17 and Barman 3.13, as `npm run test:full` does: debian-13.ts [FILE...]
import { STOPPING } from './checks/run-tool.ts';
import { Tally } from './checks/tally.ts';
import { runDebian13, whyNotDebian13 } from './debian/run-debian-13.ts';
import { DEBIAN_13_TEST_FILES } from './debian/test-files.ts';

const interruption = new AbortController();
for (const signal of STOPPING) process.on(signal, () => interruption.abort());
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const reason = whyNotDebian13();
if (reason !== undefined) throw new Error(`cannot run the tests on Debian 13: ${reason}`);
const asked = process.argv.slice(2);
const { summary, code } = await runDebian13(asked.length > 0 ? asked : DEBIAN_13_TEST_FILES, {
  signal: interruption.signal,
  say,
});
const tally = new Tally();
tally.countTests(summary, code);
for (const { name, reason: why } of tally.skipped) say(`skipped: ${name} (${why})`);
for (const { name, reason: why } of tally.unsteady) say(`unsteady: ${name} passed at the second attempt (${why})`);
process.exitCode = tally.failed === 0 ? 0 : 1;
say(String(tally));
