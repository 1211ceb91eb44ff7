import { historyTests } from '../support/by-hand/history-tests.ts';

historyTests({ targets: 200, reachable: 20, unreachable: 6 });
