import type { KeptDatabase } from '@barback/shared/operations/database.ts';
import { acceptOptionsSchema } from './accept.ts';
import type { Scenario } from './scenario.ts';
import { onAgent } from './step.ts';

export interface ImportAcceptFacts {
  readonly server: string;
  readonly kept: KeptDatabase;
}

/** Ends the keep of the database that an import has replaced. */
export const importAccept: Scenario<typeof acceptOptionsSchema, ImportAcceptFacts> = {
  name: 'import-accept',
  title: 'Accept of an import',
  touches: 'copy',
  undo: 'cannot be taken back: the replaced database is dropped; what Barman holds stays',
  options: acceptOptionsSchema,
  steps(_options, { server, kept: { name, plan, oid } }) {
    return [
      {
        name: 'drop-kept',
        title: `Drop ${name}`,
        action: onAgent('database-discard', { server, plan, oid }),
      },
    ];
  },
};
