import type { Problem } from '@barback/shared/wire/problem.ts';
import { fields, page } from './layout.ts';
import { plain } from './plain.ts';

/** A refusal for a person: what happened, then what to do. */
export function renderProblem(value: Problem): string {
  return page(
    `${value.status} ${plain(value.title)}`,
    fields([
      ['what', value.detail],
      ['do', value.next ?? null],
      ['type', value.type],
      ['instance', value.instance ?? null],
    ]),
    faults(value),
  );
}

function faults({ facts }: Problem): string | null {
  const errors = facts?.['errors'];
  if (!Array.isArray(errors)) return null;
  return errors
    .map((error: unknown) => error as { pointer?: string; message?: string })
    .map(({ pointer, message }) => `  ${plain(pointer ?? '')}: ${plain(message ?? '')}\n`)
    .join('');
}
