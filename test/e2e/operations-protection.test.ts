import { protectionOperationTests } from '../support/protection-operation-tests.ts';

// With Barman 3.13 in test/full.
protectionOperationTests('system');
