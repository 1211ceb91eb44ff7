import { ledgerTests } from '../support/ledger-tests.ts';

ledgerTests(20, { withUndo: true });
