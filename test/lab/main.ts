import path from 'node:path';
import { parseLabArguments } from './arguments.ts';
import { labDown } from './down.ts';
import { psqlArgv } from './psql.ts';
import { labUp } from './up.ts';

let interrupted = false;

async function main(): Promise<void> {
  const asked = parseLabArguments(process.argv.slice(2));
  if (asked.command === 'down') {
    await labDown(asked.dir);
    console.log(`The lab in ${path.resolve(asked.dir)} is gone.`);
    return;
  }
  const started = performance.now();
  const onProgress = (part: string) => {
    if (interrupted) throw new Error('interrupted');
    console.log(`… ${part}`);
  };
  const lab = await labUp({ ...asked, onProgress });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `The lab is ready after ${seconds} s, with Barman ${lab.barman.version}: ${path.join(lab.dir, 'lab.json')}`,
  );
  console.log(`  ${psqlArgv(lab.postgres).slice(0, 9).join(' ')}`);
  console.log(`  ${lab.barman.argv.join(' ')} list-backup main`);
  console.log(`  npm run lab -- down --dir ${lab.dir}`);
}

// Not to exit at once: `labUp` then takes down what it has built.
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    interrupted = true;
  });
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exitCode = 1;
});
