/**
 * The directory that a pg_receivewal writes to, from its argv; undefined for any other program. Barman 3.4 starts it with
 * `--directory=DIR` (command_wrappers.py, PgReceiveXlog).
 */
export function receiverDirectory(argv: readonly string[]): string | undefined {
  const program = argv[0]?.split('/').at(-1);
  if (program !== 'pg_receivewal' && program !== 'pg_receivexlog') return undefined;
  for (const [index, argument] of argv.entries()) {
    if (argument === '-D' || argument === '--directory') return argv[index + 1];
    const inline = /^(?:--directory=|-D)(.+)$/.exec(argument)?.[1];
    if (inline !== undefined) return inline;
  }
  return undefined;
}
