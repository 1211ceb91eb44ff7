import { idPattern } from '@barback/shared/wire/identifiers.ts';

/** NAMEDATALEN - 1, in bytes. */
const nameBytesMax = 63;

const marks = ['import', 'before'] as const;

/** The database that a plan makes, or sets aside, beside another: a name that is too long gives up its end, never the plan's. */
export function besideDatabase(name: string, mark: (typeof marks)[number], plan: string): string {
  const suffix = `_${mark}_${plan}`;
  let base = name;
  while (Buffer.byteLength(base) + suffix.length > nameBytesMax) base = Array.from(base).slice(0, -1).join('');
  return `${base}${suffix}`;
}

/** Whether a database has a name that only Barback gives. */
export function isBeside(name: string): boolean {
  const [plan = '', mark = ''] = name.split('_').toReversed();
  return idPattern.test(plan) && marks.some((one) => one === mark);
}

/** Whether it is one that an import has made. */
export function isImported(name: string): boolean {
  return isBeside(name) && name.split('_').at(-2) === 'import';
}
