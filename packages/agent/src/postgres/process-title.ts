/**
 * Whether a process of PostgreSQL is one of the few that are never in pg_stat_activity and serve no session: the logger, and before
 * 15 the statistics collector and the archiver (miscinit.c, GetBackendTypeDesc; the title is set at the start in any case).
 */
export function servesNobody(argv: readonly string[]): boolean {
  return /^postgres: (?:.*: )?(?:logger|stats collector|archiver)\b/.test(argv[0] ?? '');
}
