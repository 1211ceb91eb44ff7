import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Decrypter } from 'age-encryption';
import type { DatabaseView } from '@barback/api/offsite/database-view.ts';
import type { Lab } from '../lab/lab.ts';
import { poll } from '../lab/poll.ts';
import { asUser, mustRun, runCommand } from '../lab/run-command.ts';
import { configureApi } from './api-config.ts';
import { request } from './barback-client.ts';
import type { Box } from './box.ts';

/** Who runs the lab's api; undefined: the caller. */
async function apiUser(lab: Lab): Promise<string | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  return (await mustRun(['stat', '--format=%U', path.join(lab.dir, 'api')])).trim();
}

/** Gives the api of a lab a key to the box, and has its database copied there all the time. */
export async function copyApiTo(lab: Lab, box: Box, more: object = {}): Promise<void> {
  const owner = await apiUser(lab);
  const files = {
    identityFile: path.join(lab.dir, 'api', 'box-key'),
    knownHostsFile: path.join(lab.dir, 'api', 'box-hosts'),
  };
  await copyFile(box.account.identityFile, files.identityFile);
  await copyFile(box.account.knownHostsFile, files.knownHostsFile);
  if (owner !== undefined) await mustRun(['chown', `${owner}:`, files.identityFile, files.knownHostsFile]);
  const { port, user } = box.account;
  const mirror = { host: '127.0.0.1', port, user, directory: 'barback-api', everyMinutes: 0.01, ...files, ...more };
  await configureApi(lab, { mirror });
}

export async function databasePage(lab: Lab): Promise<DatabaseView> {
  return (await request(lab, 'GET', '/v1/database', { role: 'admin' })).json as DatabaseView;
}

/** Waits until the box has every event, and answers what the page says then. */
export async function copiedWhole(lab: Lab): Promise<DatabaseView> {
  let page = await databasePage(lab);
  return poll(
    () => `the box has the whole database: ${JSON.stringify(page)}`,
    30_000,
    async () => {
      page = await databasePage(lab);
      return page.mirror?.behindEvents === 0 ? page : undefined;
    },
  );
}

/** A command of the api's program, as its user. */
export async function apiCommand(lab: Lab, ...words: readonly string[]): ReturnType<typeof runCommand> {
  const app = path.join(lab.dir, 'app');
  return runCommand(asUser(await apiUser(lab), [path.join(app, 'node'), path.join(app, 'api.mjs'), ...words]), {
    limitMs: 60_000,
  });
}

/** Every event of the log, as exported. */
export async function exportedEvents(lab: Lab): Promise<string[]> {
  const { text } = await request(lab, 'GET', '/v1/audit/export', { role: 'admin' });
  return text.trimEnd().split('\n');
}

/** What a page says without how long ago, and how long, something was. */
export function stillText(text: string): string {
  return text.replaceAll(/"(?:ageSeconds|seconds)":[\d.]+|\(?\d+ \w+ ago\)?/g, '');
}

/** Takes everything of the api away; answers what there was. */
export async function emptied(lab: Lab): Promise<string[]> {
  const directory = path.join(lab.dir, 'api');
  const names = await readdir(directory);
  for (const name of names) await rm(path.join(directory, name), { recursive: true });
  return names;
}

/** What a person fetches from the box: every file of a directory. */
export async function fetchWithSftp(lab: Lab, box: Box, directory: string): Promise<string> {
  const to = path.join(lab.dir, 'fetched');
  await mkdir(to);
  const { port, user, identityFile, knownHostsFile } = box.account;
  const options = [
    `Port=${port}`,
    `IdentityFile=${identityFile}`,
    `UserKnownHostsFile=${knownHostsFile}`,
    'BatchMode=yes',
  ];
  const argv = ['sftp', '-F', 'none', ...options.flatMap((one) => ['-o', one]), '-b', '-', `${user}@127.0.0.1`];
  await mustRun(argv, { input: `get ${directory}/* ${to}\n` });
  return to;
}

/** The newest configuration, the secrets that the key opens, and the way to the box, where they were. */
export async function putBack(
  lab: Lab,
  { fetched, identity, box }: { readonly fetched: string; readonly identity: string; readonly box: Box },
): Promise<void> {
  const directory = path.join(lab.dir, 'api');
  const newest = async (ending: string): Promise<string> => {
    const names = (await readdir(fetched)).filter((name) => name.endsWith(ending)).toSorted();
    return path.join(fetched, names.at(-1) ?? '');
  };
  await copyFile(await newest('.yaml'), path.join(directory, 'api.yaml'));
  await copyFile(box.account.identityFile, path.join(directory, 'box-key'));
  await copyFile(box.account.knownHostsFile, path.join(directory, 'box-hosts'));
  const opener = new Decrypter();
  opener.addIdentity(identity);
  const tar = path.join(fetched, 'secrets.tar');
  await writeFile(tar, await opener.decrypt(await readFile(await newest('.secrets.tar.age'))));
  await mustRun(['tar', '--extract', `--file=${tar}`, '--directory=/', '--no-same-owner']);
  const owner = await apiUser(lab);
  if (owner !== undefined) await mustRun(['chown', '-R', `${owner}:`, directory]);
}
