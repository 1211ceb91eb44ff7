import path from 'node:path';
import { parseLabArguments } from './arguments.ts';
import { labDown } from './down.ts';
import { psqlArgv } from './psql.ts';
import { labUp } from './up.ts';

async function main(): Promise<void> {
  const asked = parseLabArguments(process.argv.slice(2));
  if (asked.command === 'down') {
    await labDown(asked.dir);
    console.log(`The lab in ${path.resolve(asked.dir)} is gone.`);
    return;
  }
  const started = performance.now();
  const lab = await labUp({ ...asked, onProgress: (part) => console.log(`… ${part}`) });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`The lab is ready after ${seconds} s: ${path.join(lab.dir, 'lab.json')}`);
  console.log(`  ${psqlArgv(lab.postgres).slice(0, 9).join(' ')}`);
  console.log(`  ${lab.barman.argv.join(' ')} list-backup main`);
  console.log(`  npm run lab -- down --dir ${lab.dir}`);
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exitCode = 1;
});
