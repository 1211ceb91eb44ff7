import { protectionOperationTests } from '../support/protection-operation-tests.ts';

// What the scenario `rebaseline` is made of; npm test has the scenario, as the README shows it. With Barman 3.13 beside it.
protectionOperationTests('system');
