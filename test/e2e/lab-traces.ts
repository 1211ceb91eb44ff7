import { readdir, readFile, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Everything on this machine that names a lab's id or directory: it must be empty once the lab is down. */
export async function labTraces(lab: { readonly id: string; readonly dir: string }): Promise<string[]> {
  const named = (text: string) => text.includes(lab.id) || text.includes(`${lab.dir}/`);
  const traces: string[] = [];
  for (const dir of [
    '/etc/postgresql',
    '/etc/systemd/system',
    '/var/log/postgresql',
    '/var/run/postgresql',
    '/dev/shm',
  ]) {
    const entries = await readdir(dir, { recursive: true }).catch(() => [] as string[]);
    traces.push(...entries.filter(named).map((entry) => path.join(dir, entry)));
  }
  for (const file of ['/etc/passwd', '/etc/group', '/etc/shadow']) {
    const text = await readFile(file, 'utf8').catch(() => '');
    traces.push(...text.split('\n').filter(named));
  }
  traces.push(...(await readFile('/proc/net/unix', 'utf8')).split('\n').filter(named));
  traces.push(...(await readdir(tmpdir())).filter((name) => name.includes(lab.id)));
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const seen = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
      readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''),
      readlink(`/proc/${pid}/cwd`).then(
        (at) => `${at}/`,
        () => '',
      ),
    ]);
    if (Number(pid) !== process.pid && seen.some(named))
      traces.push(`process ${pid}: ${seen[0].replaceAll('\0', ' ')}`);
  }
  const left = await readdir(lab.dir).catch(() => undefined);
  if (left !== undefined) traces.push(lab.dir);
  return traces;
}

/** Ids of the System V shared memory segments that no process is attached to. */
export async function orphanSegments(): Promise<Set<string>> {
  const lines = (await readFile('/proc/sysvipc/shm', 'utf8')).trim().split('\n').slice(1);
  const fields = lines.map((line) => line.trim().split(/\s+/));
  return new Set(fields.filter((one) => one[6] === '0').map((one) => one[1] ?? ''));
}
