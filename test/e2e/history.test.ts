import { historyTests } from '../support/by-hand/history-tests.ts';

// test:full asks for 200, and restores more of them by hand.
historyTests({ targets: 80, reachable: 3, unreachable: 1 });
