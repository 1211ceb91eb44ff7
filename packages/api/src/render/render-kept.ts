import type { KeptList } from '../servers/kept-view.ts';
import { page, section, table } from './layout.ts';
import { plain } from './plain.ts';
import { bytes, instant } from './units.ts';

/** One line per directory, with what it is. */
export function renderKept(view: KeptList, now: number): string {
  if (view.kept.length + view.databases.length === 0) return `nothing is kept of ${view.server}\n`;
  const warnings = section('warnings', view.warnings.map((one) => `  ${plain(one)}\n`).join(''));
  return page(
    view.kept.length === 0 ? null : directories(view, now),
    view.databases.length === 0 ? null : databases(view, now),
    warnings,
  );
}

function databases(view: KeptList, now: number): string {
  return table(
    ['KEPT BY PLAN', 'SINCE', 'KEEP UNTIL', 'SIZE', 'WAS CALLED', 'DATABASE'],
    view.databases.map((one) => [
      one.plan,
      instant(one.keptAt, now),
      instant(one.keepUntil, now),
      bytes(one.sizeBytes),
      plain(one.replaced),
      plain(one.name),
    ]),
  );
}

function directories(view: KeptList, now: number): string {
  return table(
    ['KEPT BY PLAN', 'SINCE', 'KEEP UNTIL', 'SIZE', 'TIMELINE', 'STATE', 'PATH'],
    view.kept.map((one) => [
      one.plan,
      instant(one.keptAt, now),
      instant(one.keepUntil, now),
      one.bytes === null ? '?' : bytes(one.bytes),
      one.timeline === null ? '?' : String(one.timeline),
      one.intact ? plain(one.state ?? '?') : 'ALTERED: not the directory that was set aside',
      plain(one.path),
    ]),
  );
}
