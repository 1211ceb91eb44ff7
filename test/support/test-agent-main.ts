import { runCommand } from '@barback/agent/run-command.ts';

// The agent with the operations of the tests instead of the whitelist.
await runCommand(process.argv.slice(2), async () => (await import('./test-operations.ts')).testRegistry);
