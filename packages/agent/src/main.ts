import { runCommand } from './run-command.ts';

const argv = process.argv.slice(2);

if (argv[0] === 'wal') {
  // The child that reads WAL: like the one below, without a configuration.
  const { runWalChild } = await import('./wal-child/wal-child.ts');
  await runWalChild();
} else if (argv[0] === 'files') {
  // The child that reads what goes into the vault, with the rights of those who may read it.
  const { runFilesChild } = await import('./operations/files-child.ts');
  await runFilesChild();
} else if (argv[0] === 'query') {
  // The child that runs given SQL: it reads no configuration, only one request on standard input.
  const { runQueryChild } = await import('./operations/query-child.ts');
  await runQueryChild();
} else {
  await runCommand(argv, async () => {
    const [{ registryOf }, { handlers }, { sweepScratches }] = await Promise.all([
      import('./registry.ts'),
      import('./operations/index.ts'),
      import('./operations/sweep-scratches.ts'),
    ]);
    return registryOf(handlers, sweepScratches);
  });
}
