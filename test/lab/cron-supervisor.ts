// Runs `barman cron` about every four seconds until its lab is gone. Usage: cron-supervisor.ts DIR BARMAN-ARGV...
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { LAB_MARK } from './lab-mark.ts';
import { stateFile } from './lab-state.ts';
import { runCommand } from './run-command.ts';

const EVERY_MS = 4_000;

async function supervise(dir: string, barman: readonly string[]): Promise<void> {
  const env = { [LAB_MARK]: process.env[LAB_MARK] ?? '' };
  while (existsSync(stateFile(dir))) {
    const started = performance.now();
    const result = await runCommand([...barman, '-q', 'cron'], { env });
    if (result.code !== 0) console.error(`${new Date().toISOString()} barman cron: exit ${result.code}`, result.stderr);
    // It rests longer than it works: on a busy machine it would otherwise run without a pause and make everything late.
    const tookMs = performance.now() - started;
    await delay(Math.max(EVERY_MS - tookMs, 2 * tookMs));
  }
}

const [dir, ...barman] = process.argv.slice(2);
if (dir === undefined || barman.length === 0) throw new Error('usage: cron-supervisor.ts DIR BARMAN-ARGV...');
await supervise(dir, barman);
