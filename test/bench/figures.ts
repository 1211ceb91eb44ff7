/** One measured line: what, in which unit, over which samples, and what was promised. */
export interface Figure {
  readonly what: string;
  readonly unit: string;
  readonly samples: readonly number[];
  /** Left out for what is measured only to compare with. */
  readonly budget?: { readonly atMost: number } | { readonly atLeast: number };
  /** What the budget is held against; the median without it. */
  readonly judge?: 'p99';
}

/** Of an even number the mean of the two in the middle; 0 for no samples. */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}

/** Nearest-rank quantile; 0 for no samples. */
function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

/** A Markdown table: median, minimum to maximum, p99 where there are enough samples. */
export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, unit, samples, budget, judge }) => {
    const range = `${round(Math.min(...samples))} – ${round(Math.max(...samples))}`;
    const p99 = samples.length >= 100 ? round(quantile(samples, 0.99)) : '';
    return `| ${what} | ${unit} | ${round(median(samples))} | ${range} | ${p99} | ${samples.length} | ${judged(judge === 'p99' ? quantile(samples, 0.99) : median(samples), budget)} |`;
  });
  return [
    '| what | unit | median | min – max | p99 | samples | budget |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function judged(value: number, budget: Figure['budget']): string {
  if (budget === undefined) return '';
  const [sign, limit] = 'atMost' in budget ? ['≤', budget.atMost] : ['≥', budget.atLeast];
  const met = 'atMost' in budget ? value <= budget.atMost : value >= budget.atLeast;
  return `${sign} ${limit}: ${met ? 'met' : '**missed**'}`;
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** A document with a section in the place of that with the same words before the comma of its title, or at its end. */
export function withSection(document: string, section: string): string {
  const title = /^## [^,\n]+/.exec(section)?.[0] ?? section;
  const parts = document.trimEnd().split(/\n(?=## )/);
  const at = parts.findIndex((part) => part.startsWith(title));
  const others = at < 0 ? [...parts, section] : parts.with(at, section);
  return `${others.map((part) => part.trimEnd()).join('\n\n')}\n`;
}
