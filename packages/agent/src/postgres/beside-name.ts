import { idPattern } from '@barback/shared/wire/identifiers.ts';

const mark = '.restore-';

/** The directory that a plan makes beside another; one that an earlier plan has made does not lend its suffix, or names would grow. */
export function besideName(directory: string, plan: string): string {
  const at = directory.lastIndexOf(mark);
  const original = at > 0 && idPattern.test(directory.slice(at + mark.length)) ? directory.slice(0, at) : directory;
  return `${original}${mark}${plan}`;
}
