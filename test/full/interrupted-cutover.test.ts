import { cutoverBoundaries, cutoverFaultTests, otherBoundaries } from '../support/cutover-fault-tests.ts';

cutoverFaultTests([...cutoverBoundaries, ...otherBoundaries]);
