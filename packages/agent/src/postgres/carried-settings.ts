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
}

/** A postgresql.auto.conf without the settings of recoveries; every other line stays as it is, values are not looked at. */
export function carriedSettings(autoConf: string): CarriedSettings {
  const names = { kept: new Set<string>(), leftOut: new Set<string>() };
  const lines = autoConf.split('\n').filter((line) => {
    const name = parseAutoConf(line)[0]?.name;
    if (name === undefined) return true;
    const out = isRecoverySetting(name);
    (out ? names.leftOut : names.kept).add(name);
    return !out;
  });
  const text = lines.join('\n');
  return {
    text: text.endsWith('\n') || text === '' ? text : `${text}\n`,
    kept: [...names.kept],
    leftOut: [...names.leftOut],
  };
}
