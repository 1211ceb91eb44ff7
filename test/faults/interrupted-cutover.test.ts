import { cutoverBoundaries, cutoverFaultTests } from '../support/cutover-fault-tests.ts';

cutoverFaultTests(cutoverBoundaries);
