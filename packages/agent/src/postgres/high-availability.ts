import type { SurroundingsFacts } from '@barback/shared/operations/surroundings-facts.ts';

export type HaManager = SurroundingsFacts['haManagers'][number]['manager'];

/**
 * The manager that a command line belongs to. Patroni is a Python program (`python3 /usr/bin/patroni FILE`), repmgrd a binary, and
 * pg_autoctl gives its children titles of their own (`pg_autoctl: node active`; 2.0, cli_do_service.c).
 */
export function haManagerOf(argv: readonly string[]): HaManager | undefined {
  const [program = '', script = ''] = argv;
  if (program.startsWith('pg_autoctl: ')) return 'pg_auto_failover';
  // A process that gave itself a title shows it here, whatever the title ends with.
  if (program.includes(' ')) return undefined;
  const name = baseName(program);
  switch (/^python[0-9.]*$/.test(name) ? baseName(script) : name) {
    case 'patroni':
      return 'Patroni';
    case 'repmgrd':
      return 'repmgrd';
    case 'pg_autoctl':
      return 'pg_auto_failover';
    default:
      return undefined;
  }
}

function baseName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

/** Files that managers write into the data directory: Patroni 3.0–3.3 (config.py), pg_auto_failover 2.0 (pgctl.c). */
export const haMarkFiles = {
  Patroni: 'patroni.dynamic.json',
  pg_auto_failover: 'postgresql-auto-failover.conf',
} as const;

/** Whether `patronictl pause` was given: Patroni keeps its dynamic configuration in this file, `pause` among it (ctl.py). */
export function isPatroniPaused(dynamicConfiguration: string): boolean | null {
  try {
    const value: unknown = JSON.parse(dynamicConfiguration);
    return typeof value === 'object' && value !== null ? 'pause' in value && value.pause === true : null;
  } catch {
    return null;
  }
}
