import type { Json } from '@barback/shared/wire/json.ts';
import { expect, test } from 'vitest';
import { isPassedOver, passedOver, whyPassedOver } from './passed-over.ts';
import { onAgent, type Step } from './step.ts';

const action = onAgent('barman-check', { server: 'main' });
const steps: readonly Step[] = [
  { name: 'ask', title: '', action },
  { name: 'decide', title: '', action, onlyIf: { step: 'ask', field: 'differ', is: true } },
  { name: 'act', title: '', action, onlyIf: { step: 'decide', field: 'decision', is: 'yes' } },
];

function answered(...results: readonly Json[]) {
  return results.map((result, step) => ({
    step,
    direction: 'forward' as const,
    outcome: { is: 'succeeded' as const, result },
  }));
}

test('a step without a condition, and one whose condition holds, is due', () => {
  expect(whyPassedOver(steps, [], 0)).toBeNull();
  expect(whyPassedOver(steps, answered({ differ: true }), 1)).toBeNull();
  expect(whyPassedOver(steps, answered({ differ: true }, { decision: 'yes' }), 2)).toBeNull();
});

test('any other answer passes it over, and what depends on a step that was passed over', () => {
  const why = whyPassedOver(steps, answered({ differ: false }), 1);
  expect(why).toBe('ask: differ is not true');
  const result = passedOver(why ?? '');
  expect(isPassedOver(result)).toBe(true);
  expect(isPassedOver({ differ: false })).toBe(false);
  expect(whyPassedOver(steps, answered({ differ: false }, result), 2)).not.toBeNull();
  for (const strange of [null, [], 'true', {}]) expect(whyPassedOver(steps, answered(strange), 1)).not.toBeNull();
});

test('a condition is never guessed: its step must be there before, and have an answer', () => {
  expect(() => whyPassedOver(steps, [], 1)).toThrow('has no result');
  const astray = [{ name: 'act', title: '', action, onlyIf: { step: 'nowhere', field: 'x', is: true } }];
  expect(() => whyPassedOver(astray, [], 0)).toThrow('not before it');
});
