import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { enrolmentTokenSchema } from '@barback/shared/wire/enrolment.ts';
import { stringify } from 'yaml';
import { freePort } from '../lab/free-port.ts';
import { LAB_MARK } from '../lab/lab-mark.ts';
import type { Lab } from '../lab/lab.ts';
import { labProcesses } from '../lab/lab-processes.ts';
import { poll } from '../lab/poll.ts';
import { mustRun, startDetached } from '../lab/run-command.ts';
import { enrolmentToken } from './second-host.ts';

export const secretOfProvider = 'of-the-provider-0815';

/** An agent on the api's host that makes hosts, known to the api as `infra`. */
export interface Provisioner {
  /** The root module. */
  readonly directory: string;
  write(file: string, text: string): Promise<void>;
  /** Changes the configuration of the provisioner, or of the whole agent, and starts its executor with it. */
  configure(changed: object): Promise<void>;
  configureAll(changed: object): Promise<void>;
  kill(program: 'executor' | 'runner'): Promise<void>;
  start(program: 'executor' | 'gateway'): Promise<void>;
}

/** Without a program hosts are made by hand. */
export async function startProvisioner(lab: Lab, program: string | null): Promise<Provisioner> {
  const dir = path.join(lab.dir, 'provisioner');
  const directory = path.join(dir, 'module');
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const varFile = path.join(dir, 'secret.tfvars');
  await writeFile(varFile, `token = "${secretOfProvider}"\n`, { mode: 0o600 });
  const port = await freePort();
  const token = await enrolmentToken({ ...lab, server: 'infra' as Lab['server'] });
  const { id, publicKey } = enrolmentTokenSchema.parse(JSON.parse(token)).api;
  const configFile = path.join(dir, 'agent.yaml');
  const inside = (name: string) => path.join(dir, name);
  const made = program === null ? {} : { program, directory, varFile, outputs: ['address', 'secret'] };
  const config = (changed: object, more: object = {}) => ({
    id: `tools-${lab.id}`,
    stateDirectory: inside('state'),
    socket: inside('executor.sock'),
    signingKeyFile: inside('signing-key.json'),
    gateway: {
      host: '127.0.0.1',
      port,
      certificateFile: inside('certificate.pem'),
      keyFile: inside('certificate-key.pem'),
    },
    apis: [{ id, publicKey }],
    provisioners: { infra: { ...made, ...changed } },
    ...more,
  });
  await writeFile(configFile, stringify(config({})));
  const app = path.join(lab.dir, 'app');
  const agent = [path.join(app, 'node'), path.join(app, 'agent.mjs')];
  await mustRun([...agent, 'certificate', '--config', configFile]);
  await mustRun([...agent, 'keys', '--config', configFile]);
  const log = path.join(lab.dir, 'log', 'provisioner.log');
  const mine = async (word: string) =>
    (await labProcesses(lab)).filter(({ argv }) => argv[2] === word && argv.some((one) => one.startsWith(dir)));
  const start = async (name: 'executor' | 'gateway'): Promise<void> => {
    const before = (await readFile(log, 'utf8').catch(() => '')).length;
    startDetached([...agent, name, '--config', configFile], log, { [LAB_MARK]: lab.id });
    await poll(`${name} listening; see ${log}`, 20_000, async () =>
      (await readFile(log, 'utf8')).slice(before).includes('"listening"') ? true : undefined,
    );
  };
  const kill = async (name: 'executor' | 'runner'): Promise<void> => {
    const found = await mine(name);
    if (found.length === 0) throw new Error(`cannot kill the ${name}: it does not run`);
    for (const { pid } of found) process.kill(pid, 'SIGKILL');
    await poll(`${name} gone`, 10_000, async () => ((await mine(name)).length === 0 ? true : undefined));
  };
  const reconfigure = async (whole: object): Promise<void> => {
    await writeFile(configFile, stringify(whole));
    await kill('executor');
    await start('executor');
  };
  await start('executor');
  await start('gateway');
  const tokenFile = inside('token');
  await writeFile(tokenFile, token, { mode: 0o600 });
  await mustRun([
    ...agent,
    'enroll',
    '--config',
    configFile,
    '--token-file',
    tokenFile,
    '--agent-url',
    `https://127.0.0.1:${port}`,
  ]);
  return {
    directory,
    write: (file, text) => writeFile(path.join(directory, file), text),
    configure: (changed) => reconfigure(config(changed)),
    configureAll: (changed) => reconfigure(config({}, changed)),
    kill,
    start,
  };
}

/** `terraform_data` alone, which is built in: what stands for a host, and for what must stay. */
export const moduleText = (options: { image?: string; command?: string; extra?: string } = {}): string => `
variable "token" {
  type      = string
  sensitive = true
}
resource "terraform_data" "volume" {
  input = "data"
}
resource "terraform_data" "server" {
  input            = "10.0.0.9"
  triggers_replace = ["${options.image ?? 'debian-12'}"]
  provisioner "local-exec" {
    command = ${JSON.stringify(options.command ?? 'true')}
  }
}
resource "terraform_data" "credential" {
  input = var.token
}
output "address" { value = terraform_data.server.output }
output "secret" {
  value     = var.token
  sensitive = true
}
${options.extra ?? ''}`;
