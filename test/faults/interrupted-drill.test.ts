import { interruptedDrillTests } from '../support/interrupted-drill-tests.ts';

// Each of them alone in test/full.
interruptedDrillTests([['api', 'gateway', 'executor']]);
