import { cutoverBoundaries, cutoverFaultTests } from '../support/cutover-fault-tests.ts';

// Every other step in test/full.
cutoverFaultTests(cutoverBoundaries);
