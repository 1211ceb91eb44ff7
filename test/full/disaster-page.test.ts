import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from '../lab/lab.ts';
import { killProgram, startProgram } from '../lab/programs.ts';
import { sql } from '../lab/psql.ts';
import { mustRun, runCommand } from '../lab/run-command.ts';
import { endOf } from '../support/barback-client.ts';
import type { Box } from '../support/box.ts';
import { loseHost, marksOf, type LeftBehind } from '../support/lost-host.ts';
import { mirrorScene } from '../support/mirror-scene.ts';
import { needsRoot } from '../support/needs-root.ts';
import { copiedWhole, copyApiTo, emptied } from '../support/offsite.ts';
import { secondHost } from '../support/second-host.ts';

const minutes = 60_000;

let first: Lab;
let second: Lab;
let box: Box;
let left: LeftBehind;
/** Where the person works, who has the age key, the packages and an operator's key there. */
let here: string;
const stops: (() => Promise<void>)[] = [];

describe('the page of a disaster', () => {
  beforeAll(async () => {
    if (process.geteuid?.() !== 0) return;
    const scene = await mirrorScene();
    stops.push(scene.stop);
    ({ lab: first, box } = scene);
    const other = await secondHost(first, box);
    stops.push(other.stop);
    second = other.lab;
    // The page says: an empty cluster.
    await sql(second.postgres, `DROP DATABASE ${second.postgres.database} WITH (FORCE)`, 'postgres');
    here = await mkdtemp('/var/tmp/barback-disaster-');
    stops.push(() => rm(here, { recursive: true, force: true }));
    const identity = await generateX25519Identity();
    await writeFile(path.join(here, 'key.txt'), `${identity}\n`, { mode: 0o600 });
    await mustRun(['apt-get', 'install', '--yes', '--no-install-recommends', 'age'], { limitMs: 5 * minutes });
    await copyApiTo(first, box, { recipients: [await identityToRecipient(identity)] });
    left = await loseHost(first);
    await copiedWhole(first);
    await killProgram(first, 'api');
    await emptied(first);
    await copyFile(path.join(first.dir, 'keys', 'operator.header'), path.join(here, 'operator.header'));
    await shims();
  });

  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  test('has fewer than fifteen lines, which bring the api up first, then the host, from the box alone', async (context) => {
    needsRoot(context, 'its programs run as users of their own');
    const lines = await linesOfPage();
    expect(lines.length).toBeLessThan(15);
    const variables: Record<string, string> = {};
    const answers = new Map<string, string>();
    for (const line of lines) {
      const said = await typed(line, variables);
      answers.set(line, said);
      if (line.startsWith('install ')) await giveAccess();
      if (line.startsWith('systemctl ')) await startProgram(first, 'api');
      if (line.endsWith('/v1/plans"')) variables['PLAN'] = (JSON.parse(said) as { id: string }).id;
      if (line.endsWith('/runs"')) variables['RUN'] = (JSON.parse(said) as { id: string }).id;
      if (said.includes('urn:barback:problem')) throw new Error(`refused: ${line}\n${said}`);
    }
    expect(answers.get(lines.find((one) => one.includes('/v1/plans.txt')) ?? '')).toContain('old-host');
    const run = await endOf(second, variables['RUN'] ?? '', 5 * minutes);
    expect(run.state, JSON.stringify(run.problem)).toBe('succeeded');
    expect(await marksOf(second)).toEqual(left.held);
  });
});

async function linesOfPage(): Promise<string[]> {
  const page = await readFile(path.join(import.meta.dirname, '../../docs/disaster-recovery.md'), 'utf8');
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
  return blocks.flatMap((block) => block.split('\n')).filter((line) => line !== '');
}

/** As it stands on the page, but for the places that the lab has elsewhere and systemd, which does not run here. */
async function typed(line: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const here_ = line.replaceAll('/etc/barback', path.join(first.dir, 'api')).replace(' --start', '');
  const { user } = box.account;
  const env = {
    ...variables,
    PATH: `${path.join(here, 'bin')}:/usr/bin:/bin:/usr/sbin:/sbin`,
    BOX: `${user}@127.0.0.1`,
    BARBACK: first.api.url,
    AGENT: second.agent.url,
  };
  const said = await runCommand(['/bin/sh', '-ec', here_], { cwd: here, env, limitMs: 3 * minutes });
  if (said.code !== 0) throw new Error(`the page's line fails: ${line}\n${said.stdout}${said.stderr}`);
  return said.stdout;
}

/** What the page says to do between its lines. */
async function giveAccess(): Promise<void> {
  const directory = path.join(first.dir, 'api');
  await copyFile(box.account.identityFile, path.join(directory, 'box-key'));
  await copyFile(box.account.knownHostsFile, path.join(directory, 'box-hosts'));
}

/** The programs as they are called where the packages are installed, with the lab's configuration and box. */
async function shims(): Promise<void> {
  const bin = path.join(here, 'bin');
  await mkdir(bin);
  await chmod(here, 0o755);
  const apiUser = `${first.id}-api`;
  const { port, identityFile, knownHostsFile } = box.account;
  const ssh = `-F none -o Port=${port} -o IdentityFile=${identityFile} -o UserKnownHostsFile=${knownHostsFile} -o BatchMode=yes`;
  const app = path.join(first.dir, 'app');
  const there = path.join(second.dir, 'app');
  const owner = `${second.id}-gateway`;
  const programs: Record<string, string> = {
    apt: 'exit 0',
    systemctl: 'exit 0',
    chown: `exec /usr/bin/chown -R ${apiUser}: ${path.join(first.dir, 'api')}`,
    // -P 23 is the box's; the lab's listens elsewhere.
    sftp: `recursive=; [ "$1" = -r ] && { recursive=-r; shift; }; shift 2; exec /usr/bin/sftp $recursive ${ssh} "$@"`,
    'barback-api': `exec setpriv --reuid ${apiUser} --regid ${apiUser} --init-groups ${app}/node ${app}/api.mjs "$@" --config ${first.dir}/api/api.yaml`,
    'barback-agent': `exec ${there}/node ${there}/agent.mjs "$@" --config ${second.agent.configFile}`.replace(
      '"$@"',
      `$(printf '%s ' "$@" | sed s/barback-gateway/${owner}/)`,
    ),
  };
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(path.join(bin, name), `#!/bin/sh\n${text}\n`);
    await chmod(path.join(bin, name), 0o755);
  }
}
