import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFiles, repositoryRoot } from './repository.ts';
import { type TextViolation, textViolations } from './text-violations.ts';

// Captured output keeps what a real machine said; the lock file and the licence are not ours to word.
const NOT_OUR_WORDS = /(^|\/)fixtures\/|^pnpm-lock\.yaml$|^LICENSE$/;

/** Everything that `textViolations` finds in the repository at `root`. */
export function checkText(root: string = repositoryRoot): TextViolation[] {
  return repositoryFiles(root)
    .filter((path) => !NOT_OUR_WORDS.test(path))
    .flatMap((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return text.includes('\0') ? [] : textViolations(path, text);
    });
}

export function describeViolation(violation: TextViolation): string {
  const place = violation.line === 0 ? violation.path : `${violation.path}:${violation.line}`;
  return `${place}: ${violation.advice} [${violation.rule}]`;
}
