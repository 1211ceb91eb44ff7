import path from 'node:path';
import type { ProvisionChange } from '@barback/shared/operations/provision.ts';
import { sha256Hex } from '@barback/shared/wire/jws.ts';
import { problemTypeOf, ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import type { ProvisionerConfig } from '../config.ts';
import { canonicalChanges, goneResources, planJsonSchema, resourceChanges } from '../provision/plan-json.ts';
import { objectionTo } from '../provision/policy.ts';
import {
  initArgv,
  planArgv,
  showArgv,
  terraformEnvironment,
  versionArgv,
  type Terraform,
} from '../provision/terraform-argv.ts';
import type { Program } from '../system/program.ts';
import { execute } from './execute.ts';
import type { Call, Host } from './handler.ts';

/** A provisioner at work in a directory that is its user's alone. */
export interface Provisioning {
  readonly config: ProvisionerConfig;
  readonly terraform: Terraform;
  /** Holds its own files and the plan. */
  readonly work: string;
}

export function provisionerOf(host: Host): ProvisionerConfig {
  const { provisioners } = host.config;
  const config = Object.hasOwn(provisioners, host.serverName) ? provisioners[host.serverName] : undefined;
  if (config) return config;
  throw new ProblemError('provision-refused', `${host.serverName} is a database and makes no hosts`, {
    next: "Name a provisioner: one that is under provisioners in its agent's configuration.",
  });
}

export function provisioningIn(host: Host, work: string): Provisioning {
  const config = provisionerOf(host);
  const { program, directory, varFile = null, pluginDirectory = null } = config;
  if (program === undefined || directory === undefined) {
    throw new ProblemError('provision-refused', `${host.serverName} has no program that makes hosts`, {
      next: 'Plan with "byHand": true in the options: the run says what to do, and waits for the new host. Or name program and directory in the configuration of its agent.',
    });
  }
  return { config, terraform: { program, directory, varFile, pluginDirectory }, work };
}

const limitMs = 14 * 60_000;

export function terraformProgram(
  { config, work }: Provisioning,
  argv: readonly string[],
  timeoutMs = limitMs,
): Program {
  return {
    argv,
    user: config.user ?? null,
    environment: terraformEnvironment(path.join(work, 'data')),
    timeoutMs,
    outputBytesMax: 128 * 1024 * 1024,
  };
}

/** Runs it to its end and answers what it printed; its last words tell a lock from everything else. */
export async function runTerraform(
  provisioning: Provisioning,
  argv: readonly string[],
  call: Pick<Call, 'signal'>,
): Promise<string> {
  const outcome = await execute(terraformProgram(provisioning, argv), call.signal);
  if (outcome.exitCode === 0) return outcome.stdout;
  throw failed(argv[2] ?? 'it', outcome.stderr || outcome.stdout);
}

export function failed(command: string, words: string): ProblemError {
  // With -no-color messages still have a frame of "│ ".
  const text = words.replaceAll(/^[│╷╵] ?/gm, '').trim();
  if (/Error acquiring the state lock/.test(text)) {
    const who = /Who: +(\S+)/.exec(text)?.[1];
    return new ProblemError('provision-locked', `the state is locked${who === undefined ? '' : ` by ${who}`}`, {
      next: 'Nothing was applied. Wait until that has ended; a lock that nobody holds is taken off by hand: force-unlock.',
    });
  }
  return new ProblemError('provision-failed', `${command}: ${text.slice(0, 600)}`, {
    next: 'Correct the cause and plan again; what has been made is in the state.',
  });
}

const versionSchema = z.looseObject({ terraform_version: z.string() });

export async function programOf(provisioning: Provisioning, call: Pick<Call, 'signal'>) {
  const said = await runTerraform(provisioning, versionArgv(provisioning.terraform), call).catch((error: unknown) => {
    throw error instanceof ProblemError && problemTypeOf(error.problem) === 'internal' ? absent(error) : error;
  });
  const { terraform_version: version } = versionSchema.parse(JSON.parse(said));
  // OpenTofu answers under the same name (1.6–1.9).
  const name = path.basename(provisioning.terraform.program).startsWith('tofu')
    ? ('OpenTofu' as const)
    : ('Terraform' as const);
  return { name, version };
}

function absent({ message }: ProblemError): ProblemError {
  return new ProblemError('provision-refused', message, {
    next: 'Nothing was applied. Install Terraform or OpenTofu on the host of this agent, or correct program and directory in its configuration; without either, plan with "byHand": true: the run waits while you make the host by hand.',
  });
}

export interface Planned {
  readonly program: Awaited<ReturnType<typeof programOf>>;
  readonly digest: string;
  readonly changes: readonly ProvisionChange[];
  readonly gone: readonly string[];
}

/** Makes a plan in a file, and judges what is in it. */
export async function planTo(
  provisioning: Provisioning,
  { file, locks }: { readonly file: string; readonly locks: boolean },
  call: Pick<Call, 'signal'>,
): Promise<Planned> {
  const { terraform, config } = provisioning;
  const program = await programOf(provisioning, call);
  await runTerraform(provisioning, initArgv(terraform), call);
  await runTerraform(provisioning, planArgv(terraform, file, locks), call);
  const parsed = planJsonSchema.safeParse(
    JSON.parse(await runTerraform(provisioning, showArgv(terraform, file, 'json'), call)),
  );
  if (!parsed.success) {
    throw new ProblemError(
      'provision-failed',
      `cannot read the plan of ${program.name} ${program.version}: ${parsed.error.issues[0]?.message}`,
      {
        next: 'Terraform 1.5 to 1.11 and OpenTofu 1.6 to 1.9 are known. Nothing was applied.',
      },
    );
  }
  const changes = resourceChanges(parsed.data).map((one) => ({ ...one, refused: objectionTo(one, config) }));
  return { program, digest: sha256Hex(canonicalChanges(parsed.data)), changes, gone: goneResources(parsed.data) };
}
