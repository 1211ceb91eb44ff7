import { formatInstant } from '@barback/shared/postgres/instant.ts';
import type { Rule } from './rule.ts';

/** More than a person takes for "the same time". */
const toleratedMicros = 5_000_000;

/** Recovery compares a time with the clock of the server's host as it was at each commit; people read other clocks. */
const clockOffset: Rule = ({ clock, asksForTime, host }) => {
  if (Math.abs(clock.offset) - clock.uncertainty <= toleratedMicros) return null;
  const seconds = Math.round(Math.abs(clock.offset) / 1_000_000);
  const side = clock.offset > 0 ? 'ahead of' : 'behind';
  return {
    code: 'clock-offset',
    severity: asksForTime ? 'confirm' : 'info',
    title: 'The clock of the host is not the clock of the api',
    detail:
      `The clock of ${host.hostName} is ${seconds} s ${side} that of the api: it says ${formatInstant(host.time)}. ` +
      'Commits carry the time of that host, and a target is compared with it.',
    remedy:
      'Correct the clock (chronyc tracking tells which one is wrong). Commits of the past keep their times: name the target by the ' +
      'clock of the host, or by a transaction or an LSN, and acknowledge "clock-offset".',
  };
};

export const clockRules: readonly Rule[] = [clockOffset];
