import { cutoverFaultTests, otherBoundaries } from '../support/cutover-fault-tests.ts';

// Those of the cutover itself are in npm test.
cutoverFaultTests(otherBoundaries);
