import { cutoverFaultTests, otherBoundaries } from '../support/cutover-fault-tests.ts';

// The six of the cutover itself in test/faults.
cutoverFaultTests(otherBoundaries);
