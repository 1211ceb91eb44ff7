import { cutoverFaultTests } from '../support/cutover-fault-tests.ts';

// All six in test/full.
cutoverFaultTests(['stop-live', 'swap', 'open']);
