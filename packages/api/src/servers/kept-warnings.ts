import type { Kept } from '@barback/shared/operations/kept.ts';
import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import type { ServerSettings } from '../planner/plan-document.ts';

const dayMicros = 86_400_000_000;

export interface KeptFacts {
  readonly kept: readonly Pick<Kept, 'plan' | 'keptAt'>[];
  readonly settings: Pick<ServerSettings, 'keepDays' | 'diskFreePercentMin'>;
  /** Of the data directory's filesystem; null when it is not known. */
  readonly disk: { readonly freeBytes: number; readonly totalBytes: number } | null;
  readonly now: Micros;
}

export function keepUntil({ keptAt }: Pick<Kept, 'keptAt'>, { keepDays }: KeptFacts['settings']): Micros {
  return keptAt + keepDays * dayMicros;
}

/** What speaks for accepting a run; nothing is ever deleted without a person. Pure. */
export function keptWarnings({ kept, settings, disk, now }: KeptFacts): string[] {
  const over = kept
    .filter((one) => keepUntil(one, settings) <= now)
    .map(
      (one) =>
        `the keep time of plan ${one.plan} (${settings.keepDays} days) ended ${formatInstant(keepUntil(one, settings))}: accept its run when nobody needs the former state any more`,
    );
  return [...over, ...diskWarnings(kept.length, settings, disk)];
}

function diskWarnings(count: number, { diskFreePercentMin }: KeptFacts['settings'], disk: KeptFacts['disk']): string[] {
  if (count === 0 || disk === null) return [];
  const percent = Math.floor((disk.freeBytes / disk.totalBytes) * 1000) / 10;
  if (percent >= diskFreePercentMin) return [];
  return [
    `${percent} % of the data directory's filesystem are free, less than ${diskFreePercentMin} %: accept what is not needed, or give it room`,
  ];
}
