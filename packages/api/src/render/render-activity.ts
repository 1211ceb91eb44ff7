import type { Activity } from '../incidents/activity.ts';
import { parseInstant, formatInstant } from '@barback/shared/postgres/instant.ts';
import { incompleteness } from './index-state.ts';
import { fields, page, table } from './layout.ts';
import { duration, exactInstant, instant } from './units.ts';

const barWidth = 40;

/** One line per step that has commits, with a bar; a run of empty ones is one line. */
export function renderActivity(view: Activity, now: number): string {
  const most = Math.max(1, ...view.commits);
  return page(
    fields([
      ['server', view.server],
      ['observed', view.observedAt === null ? 'never yet' : instant(view.observedAt, now)],
      ['MAY LACK', incompleteness(view.index)],
      ['timeline', String(view.timeline)],
      ['from', exactInstant(view.from)],
      ['to', exactInstant(view.to)],
      ['step', duration(view.stepSeconds)],
      ['commits', String(view.commits.reduce((sum, one) => sum + one, 0))],
    ]),
    table(['BEGIN (UTC)', 'COMMITS', ''], lines(view, most)),
  );
}

function lines({ from, stepSeconds, commits }: Activity, most: number): string[][] {
  const parsed = parseInstant(from);
  const begin = parsed.ok ? parsed.micros : 0;
  const result: string[][] = [];
  let empty = 0;
  for (const [step, count] of commits.entries()) {
    if (count === 0) {
      empty += 1;
      continue;
    }
    if (empty > 0) result.push(['…', '0', `${empty} steps`]);
    empty = 0;
    const at = formatInstant(begin + step * stepSeconds * 1_000_000)
      .slice(0, 19)
      .replace('T', ' ');
    result.push([at, String(count), '#'.repeat(Math.ceil((count / most) * barWidth))]);
  }
  return empty > 0 ? [...result, ['…', '0', `${empty} steps`]] : result;
}
