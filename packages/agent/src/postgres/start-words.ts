const telling = /^(?:LOG|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT): {2}/;
/** Of pg_ctlcluster and pg_ctl, which knew less. */
const wrappers = /^(?:Error|pg_ctl): /;
const noise = /starting PostgreSQL|database system is shut down/;
const fatal = /\b(?:FATAL|PANIC): {2}/;
const linesMax = 4;

/** Why a server did not start, in its own words: its last word of a fatal kind with what it said just before, and its hints. */
export function startWords(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/^.*?(?=\b(?:LOG|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT): {2})/, '').trim())
    .filter((line) => line !== '');
  const ofServer = lines.filter((line) => telling.test(line) && !noise.test(line));
  const told = ofServer.length > 0 ? ofServer : lines.filter((line) => wrappers.test(line));
  const last = told.findLastIndex((line) => fatal.test(line));
  const end = last < 0 ? told.length : hintsAfter(told, last);
  const chosen = told
    .slice(Math.max(0, end - linesMax), end)
    .filter((line) => !/database system is shut down/.test(line));
  return (chosen.join('; ') || lines.at(-1) || '').slice(0, 800);
}

function hintsAfter(told: readonly string[], from: number): number {
  let end = from + 1;
  while (/^(?:DETAIL|HINT)/.test(told[end] ?? '')) end += 1;
  return end;
}
