import { cutoverFaultTests } from '../support/cutover-fault-tests.ts';

// The other three of the cutover, and every other step, in test/full.
cutoverFaultTests(['stop-live', 'swap', 'open']);
