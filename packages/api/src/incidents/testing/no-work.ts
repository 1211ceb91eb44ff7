import type { WalWork } from '@barback/shared/operations/wal-index.ts';

/** A transaction that destroyed and rewrote nothing. */
export const noWork: WalWork = {
  rows: [],
  otherRows: { deleted: 0, updated: 0 },
  catalogues: [],
  created: [],
  removed: [],
  dropped: [],
  locked: [],
  databases: [],
  atLeast: false,
};
