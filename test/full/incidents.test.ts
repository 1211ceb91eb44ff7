import { incidentTests } from '../support/incident-tests.ts';

incidentTests({ commits: 100_000, drilled: ['drop', 'truncate', 'delete', 'update'] });
