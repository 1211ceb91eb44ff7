import { interruptedDrillTests } from '../support/interrupted-drill-tests.ts';

interruptedDrillTests([['api'], ['gateway'], ['executor']]);
