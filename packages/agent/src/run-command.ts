import { parseArguments, usage, type Arguments } from './cli/arguments.ts';
import type { GatewaySettings } from './gateway/settings.ts';
import type { Registry } from './registry.ts';

/**
 * Runs one sub-command of the agent. Each loads only what it needs: the gateway neither schemas nor handlers, so that it
 * stays small in memory and in what can be attacked.
 */
export async function runCommand(argv: readonly string[], loadRegistry: () => Promise<Registry>): Promise<void> {
  const args = parseArguments(argv);
  if (!args) {
    process.stderr.write(usage);
    process.exitCode = 2;
    return;
  }
  try {
    await commandOf(args, loadRegistry);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

async function commandOf(args: Arguments, loadRegistry: () => Promise<Registry>): Promise<void> {
  switch (args.command) {
    case 'gateway':
      return gateway(args);
    case 'executor':
      return executor(args, loadRegistry);
    case 'runner':
      return runner(args, loadRegistry);
    case 'enroll':
      return enrollHere(args);
    default:
      return administer(args);
  }
}

async function gateway(args: Arguments): Promise<void> {
  const [{ askSelf }, { startGateway }] = await Promise.all([
    import('./system/run-self.ts'),
    import('./gateway/gateway.ts'),
  ]);
  const settings = askSelf([...selfArgv(), 'gateway-settings', '--config', args.config]) as GatewaySettings;
  await startGateway(settings);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
}

async function executor(args: Arguments, loadRegistry: () => Promise<Registry>): Promise<void> {
  const [{ readConfig }, { startExecutor }, registry] = await Promise.all([
    import('./config.ts'),
    import('./executor/executor.ts'),
    loadRegistry(),
  ]);
  const config = readConfig(args.config);
  const compileCache = `${config.stateDirectory}/compile-cache`;
  await startExecutor(config, registry, { argv: selfArgv(), configFile: args.config, compileCache });
}

async function runner(args: Arguments, loadRegistry: () => Promise<Registry>): Promise<void> {
  // Once it is gone, another one stands there.
  const executor = process.ppid;
  const [{ readConfig }, { runJob }, { serveJobs }, registry] = await Promise.all([
    import('./config.ts'),
    import('./runner/run-job.ts'),
    import('./runner/serve-jobs.ts'),
    loadRegistry(),
  ]);
  const config = readConfig(args.config);
  const run = async (job: string) => {
    const result = await runJob(job, config, registry);
    if (!result) process.stderr.write('another runner has begun this job\n');
    return result;
  };
  const { standby: directory, positionals } = args;
  if (directory === undefined) await run(positionals[0] ?? '');
  else await serveJobs({ directory, stateDirectory: config.stateDirectory, executor }, run);
  // Whatever a handler left behind must not keep the process.
  process.exit(0);
}

/** Before the configuration is complete: it is what completes it. */
async function enrollHere(args: Arguments): Promise<void> {
  const { enroll } = await import('./cli/enroll.ts');
  const print = (text: string) => process.stdout.write(`${text}\n`);
  const { config: configFile, tokenFile, agentUrl, owner, start } = args;
  print(await enroll({ configFile, tokenFile, agentUrl, owner, start }, print));
}

async function administer(args: Arguments): Promise<void> {
  const { namesOf, readConfig } = await import('./config.ts');
  const config = readConfig(args.config);
  const print = (text: string) => process.stdout.write(`${text}\n`);
  switch (args.command) {
    case 'gateway-settings':
      print(JSON.stringify((await import('./gateway/derive-settings.ts')).deriveSettings(config)));
      return;
    case 'check-config':
      print(`${args.config} is good: agent ${config.id}, servers ${namesOf(config).join(', ')}`);
      return;
    case 'keys':
      print(JSON.stringify(await (await import('./cli/make-keys.ts')).makeKeys(config.signingKeyFile)));
      return;
    case 'release':
      print(await (await import('./cli/release-server.ts')).releaseServer(config, args.server));
      return;
    case 'move-down':
      print(await (await import('./cli/move-down.ts')).moveDown(config, args.server));
      return;
    case 'rescue':
      print(await (await import('./cli/rescue.ts')).rescue(config, args.positionals[0], args.server));
      return;
    case 'certificate': {
      const { makeCertificate } = await import('./cli/make-certificate.ts');
      print((await makeCertificate(config, args.host ?? config.gateway.host, args.owner)).trim());
      return;
    }
    default:
      throw new Error(`cannot run ${args.command}: there is no such command\n\n${usage}`);
  }
}

/** How to start this program again: Node with its options, and the file it was started with. */
function selfArgv(): string[] {
  return [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
}
