/** The lines of postmaster.pid that identify a server (PostgreSQL 10–18, pidfile.h). */
export interface PostmasterPid {
  readonly pid: number;
  readonly dataDirectory: string;
  readonly status: string | null;
}

export function parsePostmasterPid(text: string): PostmasterPid | undefined {
  const lines = text.split('\n');
  const pid = Number(lines[0]?.trim());
  const dataDirectory = lines[1];
  if (!Number.isSafeInteger(pid) || pid <= 1 || !dataDirectory) return undefined;
  return { pid, dataDirectory, status: lines[7]?.trim() || null };
}
