import { parseAutoConf } from './auto-conf.ts';

/** Settings of a recovery, of this or of an earlier one: a server that is to be a primary must not find them (T24). */
function isRecoverySetting(name: string): boolean {
  return (
    name.startsWith('recovery_target') ||
    [
      'restore_command',
      'archive_cleanup_command',
      'recovery_end_command',
      'primary_conninfo',
      'primary_slot_name',
      'promote_trigger_file',
    ].includes(name)
  );
}

export interface CarriedSettings {
  /** Of the new postgresql.auto.conf. */
  readonly text: string;
  readonly kept: readonly string[];
  readonly leftOut: readonly string[];
  /** What it said of synchronous standbys, where that was emptied. */
  readonly synchronousNames: string | null;
}

const synchronous = 'synchronous_standby_names';

/** A postgresql.auto.conf without the settings of recoveries; every other line stays as it is. */
export function carriedSettings(
  autoConf: string,
  { emptySynchronousNames = false }: { readonly emptySynchronousNames?: boolean } = {},
): CarriedSettings {
  const names = { kept: new Set<string>(), leftOut: new Set<string>() };
  let synchronousNames: string | null = null;
  const lines = autoConf.split('\n').filter((line) => {
    const setting = parseAutoConf(line)[0];
    if (setting === undefined) return true;
    const emptied = emptySynchronousNames && setting.name === synchronous;
    if (emptied) synchronousNames = setting.value;
    const out = emptied || isRecoverySetting(setting.name);
    (out ? names.leftOut : names.kept).add(setting.name);
    return !out;
  });
  const text = endedLine(lines.join('\n')) + (emptySynchronousNames ? `${synchronous} = ''\n` : '');
  return { text, kept: [...names.kept], leftOut: [...names.leftOut], synchronousNames };
}

function endedLine(text: string): string {
  return text.endsWith('\n') || text === '' ? text : `${text}\n`;
}
