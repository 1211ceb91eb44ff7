import { incidentTests } from '../support/incident-tests.ts';
import { windowTests } from '../support/window-tests.ts';

// Every kind is drilled among 100,000 commits in test/full.
incidentTests({ commits: 4_000, drilled: ['drop'] }, windowTests);
