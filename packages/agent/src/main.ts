import { runCommand } from './run-command.ts';

await runCommand(process.argv.slice(2), async () => {
  const [{ registryOf }, { handlers }, { sweepScratches }] = await Promise.all([
    import('./registry.ts'),
    import('./operations/index.ts'),
    import('./operations/sweep-scratches.ts'),
  ]);
  return registryOf(handlers, sweepScratches);
});
