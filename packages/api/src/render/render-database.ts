import type { DatabaseView } from '../offsite/database-view.ts';
import { fields, page, section } from './layout.ts';
import { bytes, instant } from './units.ts';

/** What would be left of the api if its host were gone. */
export function renderDatabase({ log, events, mirror }: DatabaseView, now: number): string {
  const head = fields([
    ['audit log', `${log}, ${events} events`],
    ['copied to', mirror?.destination ?? 'NOWHERE: name a box under mirror in the configuration of the api'],
  ]);
  if (mirror === null) return page(head);
  const { newest, behindEvents, problem, everyMinutes } = mirror;
  return page(
    head,
    fields([
      ['every', `${everyMinutes} minutes, when something has happened`],
      [
        'newest copy',
        newest === null ? 'none since this api runs' : `${instant(newest.at, now)}, ${bytes(newest.bytes)}`,
      ],
      ['lost with this host', behindEvents === null ? 'everything' : `${behindEvents} events`],
      ['secrets', newest?.sealed === true ? 'encrypted beside it' : null],
      ['LEFT OUT', newest?.leftOut.join(', ') || null],
    ]),
    problem === null
      ? null
      : section(
          'problem',
          `  since ${instant(problem.since, now)}: ${problem.detail}\n${problem.next === null ? '' : `  -> ${problem.next}\n`}`,
        ),
  );
}
