import { ledgerTests } from '../support/ledger-tests.ts';

// Twenty in test/full, and their undo.
ledgerTests(3, { withUndo: false });
