import path from 'node:path';
import type { Params } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { liftedText } from '../postgres/hba-fence.ts';
import { readBytesIfExists } from '../system/files.ts';
import { requirePlan } from './backup-lease.ts';
import { clusterDirectory } from './cluster-configuration.ts';
import { adoptionsOf, configurationHere, textHash, type Adoption } from './configuration-adoption.ts';
import { readConfigurationRecord, writeConfigurationRecord, type ConfigurationRecord } from './configuration-record.ts';
import { execute } from './execute.ts';
import type { Call, Handler, Host } from './handler.ts';
import { placeServerFile, removeServerFile } from './server-file.ts';
import { withVault } from './vault-fetch.ts';

type Wanted = Params<'configuration-adopt'>;

export const configurationAdopt: Handler<'configuration-adopt'> = {
  async perform(host, params, call) {
    const plan = requirePlan(call);
    // Begun before: what was here then is in its record, and what is here now may be half of each.
    const known = await readConfigurationRecord(host, plan);
    if (known) await putBack(host, known);
    const files = await withVault(host, call, async (vault) => {
      if (vault?.version !== params.version)
        throw voided(`the newest version of the vault is ${vault?.version ?? 'gone'}`);
      const here = await configurationHere(host, call);
      return agreed(params, (await adoptionsOf(host, { vault, here }, call)).files);
    });
    const record = files.map(({ path: file, here, sha256 }) => ({ path: file, before: here, sha256 }));
    await writeConfigurationRecord(host, plan, record);
    try {
      for (const one of files) await placeServerFile(host, one.path, one.adopted);
      await requireReadable(host, call);
    } catch (error) {
      await putBack(host, record);
      throw error;
    }
    return { files: files.map((one) => one.path) };
  },

  async observe(host, params, call) {
    const record = await readConfigurationRecord(host, requirePlan(call));
    if (!record) return { is: 'absent' };
    const found = await Promise.all(record.map(isWritten));
    const isWhole = record.length === params.files.length && found.every(Boolean);
    return isWhole
      ? { is: 'complete', result: { files: record.map((one) => one.path) } }
      : { is: 'partial', facts: { written: record.filter((_, index) => found[index]).map((one) => one.path) } };
  },
};

export const configurationReturn: Handler<'configuration-return'> = {
  async perform(host, _params, call) {
    const record = await readConfigurationRecord(host, requirePlan(call));
    return record ? putBack(host, record) : { returned: [], left: [] };
  },

  /** Looks at each file before it does anything. */
  observe: () => Promise.resolve({ is: 'absent' }),
};

function agreed({ files }: Wanted, found: readonly Adoption[]): readonly Adoption[] {
  const told = (all: Wanted['files']): string =>
    JSON.stringify(all.map((one) => `${one.path} ${one.sha256}`).toSorted());
  if (told(files) === told([...found])) return found;
  const names = found.filter((one) => !files.some(({ sha256 }) => sha256 === one.sha256)).map((one) => one.path);
  throw voided(`what would be written is not what the plan has shown: ${names.join(', ') || 'files are missing'}`);
}

function voided(detail: string): ProblemError {
  return new ProblemError('plan-void', detail, { next: 'make a new plan; nothing of the configuration was changed' });
}

/** Whether a file is what the plan has written, the fence apart. */
async function isWritten({ path: file, sha256 }: ConfigurationRecord[number]): Promise<boolean> {
  const text = await readBytesIfExists(file);
  return text !== undefined && textHash(liftedText(text)) === sha256;
}

async function putBack(host: Host, record: ConfigurationRecord): Promise<{ returned: string[]; left: string[] }> {
  const returned: string[] = [];
  const left: string[] = [];
  for (const one of record) {
    const text = await readBytesIfExists(one.path);
    if (text === (one.before ?? undefined)) continue;
    if (!(await isWritten(one))) left.push(one.path);
    else {
      if (one.before === null) await removeServerFile(host, one.path);
      else await placeServerFile(host, one.path, one.before);
      returned.push(one.path);
    }
  }
  return { returned, left };
}

/** Reads all settings as a start would, and starts nothing (postgres.sgml, -C); pg_hba.conf is read by the fence, which refuses faults. */
async function requireReadable(host: Host, call: Call): Promise<void> {
  const { binDirectory, dataDirectory, user } = host.server.postgres;
  const file = path.join(clusterDirectory(host) ?? dataDirectory, 'postgresql.conf');
  const argv = [path.join(binDirectory, 'postgres'), '-C', 'port', '-D', dataDirectory, '-c', `config_file=${file}`];
  const outcome = await execute({ argv, user: user ?? null, timeoutMs: 30_000 }, call.signal);
  if (outcome.exitCode === 0) return;
  throw new ProblemError(
    'postgres-failed',
    `PostgreSQL would not start with the adopted configuration: ${outcome.stderr.trim().slice(-500)}`,
    {
      next: 'what was here is back; plan again with "configuration": "show" and write by hand what is wanted of it',
    },
  );
}
