/** Damaged relations in what pg_amcheck prints, by name, each with its first message (PostgreSQL 14–18). */
export function parseAmcheck(stdout: string): { readonly relation: string; readonly message: string }[] {
  const found: { relation: string; message: string }[] = [];
  let current: { relation: string; message: string } | undefined;
  for (const line of stdout.split('\n')) {
    const heading = /^(?:heap table|btree index|sequence|TOAST table) "([^"]+)"[^:]*:(.*)$/.exec(line);
    if (heading) {
      current = { relation: heading[1] ?? '', message: (heading[2] ?? '').trim() };
      if (!found.some((one) => one.relation === current?.relation)) found.push(current);
    } else if (current && current.message === '' && line.trim() !== '') current.message = line.trim();
  }
  return found;
}

/** Relations checked, from the last progress line: `12/12 relations (100%), 345/345 pages (100%)`. */
export function parseAmcheckProgress(stderr: string): { done: number; total: number; pages: number } | undefined {
  const all = [...stderr.matchAll(/(\d+)\/(\d+) relations \(\s*\d+%\),?\s+(\d+)\/\s*(\d+) pages/g)];
  const last = all.at(-1);
  return last && { done: Number(last[1]), total: Number(last[2]), pages: Number(last[4]) };
}
