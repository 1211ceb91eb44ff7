import * as fc from 'fast-check';
import type { Recipe, RecordRecipe } from './wal-model.ts';

/** What differs from one property to the next. */
export interface Ingredients {
  readonly records: fc.Arbitrary<RecordRecipe>;
  readonly recordsMax: number;
  readonly branchesMax: number;
  readonly backups: { readonly min: number; readonly max: number };
  readonly lost: { readonly min: number; readonly max: number; readonly how: readonly ('missing' | 'damaged')[] };
}

const small = fc.nat({ max: 50 });

/** Models with branches, backups and lost segments. */
export function recipesOf({ records, recordsMax, branchesMax, backups, lost }: Ingredients): fc.Arbitrary<Recipe> {
  const branch = { parent: small, forkAt: small, records: fc.array(records, { minLength: 1, maxLength: recordsMax }) };
  return fc.record({
    branches: fc.array(fc.record(branch), { minLength: 1, maxLength: branchesMax }),
    backups: fc.array(fc.record({ branch: small, from: small, length: fc.nat({ max: 3 }) }), {
      minLength: backups.min,
      maxLength: backups.max,
    }),
    lost: fc.array(fc.record({ branch: small, segment: small, how: fc.constantFrom(...lost.how) }), {
      minLength: lost.min,
      maxLength: lost.max,
    }),
    live: small,
  });
}
