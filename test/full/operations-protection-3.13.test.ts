import { protectionOperationTests } from '../support/protection-operation-tests.ts';

protectionOperationTests('3.13');
