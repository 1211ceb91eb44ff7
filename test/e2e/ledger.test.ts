import { ledgerTests } from '../support/ledger-tests.ts';

// Twenty in test/full.
ledgerTests(3);
