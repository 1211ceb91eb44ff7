export type Representation = 'json' | 'text';

const offers: Readonly<Record<string, Representation>> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'application/problem+json': 'json',
  'text/plain': 'text',
  'text/*': 'text',
};

/** What the caller reads: a `.txt` ending wins, then the preferred type of `Accept`; null when none fits. */
export function negotiate(path: string, accept: string | undefined): Representation | null {
  if (path.endsWith('.txt')) return 'text';
  if (accept === undefined || accept.trim() === '') return 'json';
  let best: { readonly as: Representation; readonly weight: number } | null = null;
  for (const part of accept.slice(0, 2048).split(',')) {
    const [type = '', ...parameters] = part.split(';').map((one) => one.trim().toLowerCase());
    const as = Object.hasOwn(offers, type) ? offers[type] : undefined;
    const weight = weightOf(parameters);
    if (as !== undefined && weight > 0 && (best === null || weight > best.weight)) best = { as, weight };
  }
  return best?.as ?? null;
}

/** The path without the ending that asks for text. */
export function withoutTextEnding(path: string): string {
  return path.endsWith('.txt') ? path.slice(0, -'.txt'.length) : path;
}

function weightOf(parameters: readonly string[]): number {
  const q = parameters.find((one) => one.startsWith('q='));
  if (q === undefined) return 1;
  return /^q=(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(q) ? Number(q.slice(2)) : 0;
}
