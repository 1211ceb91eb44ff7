import { describe, expect, test } from 'vitest';
import type { Step } from '../scenarios/step.ts';
import { fates, play, stepOf, type Is } from './testing/play-run.ts';

interface Told {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly list: Is[];
  readonly options: { cancelAt?: number; resumes?: number };
  readonly expected: string;
}

describe('a run, told as the list of its attempts', () => {
  const drill = [stepOf('R', 0), stepOf('I', 1, 'always'), stepOf('A', 2, 'always'), stepOf('api', 3)];
  const swap = [stepOf('I', 0, 'failure'), stepOf('D', 1, 'failure'), stepOf('I', 2)];
  const cutover = [
    stepOf('I', 0, 'always'),
    stepOf('D', 1, 'failure'),
    { ...stepOf('I', 2, 'failure'), commits: true },
    stepOf('A', 3, 'failure'),
  ] as const;
  test.each<Told>([
    {
      name: 'all is well',
      steps: drill,
      list: [],
      options: {},
      expected:
        'R0 #1 succeeded|I1 #1 succeeded|A2 #1 succeeded|api3 #1 succeeded|undo-A2 #1 succeeded|undo-I1 #1 succeeded|== succeeded',
    },
    {
      name: 'an artefact fails: no second try, everything begun is put back',
      steps: drill,
      list: ['succeeded', 'succeeded', 'failed'],
      options: {},
      expected: 'R0 #1 succeeded|I1 #1 succeeded|A2 #1 failed|undo-A2 #1 succeeded|undo-I1 #1 succeeded|== failed',
    },
    {
      name: 'a read without an answer is asked five times',
      steps: drill,
      list: ['absent', 'absent', 'absent', 'absent', 'absent'],
      options: {},
      expected: 'R0 #1 absent|R0 #2 absent|R0 #3 absent|R0 #4 absent|R0 #5 absent|== failed',
    },
    {
      name: 'an unknown job that had no effect is done again',
      steps: drill,
      list: ['succeeded', 'succeeded', 'unknown', 'absent'],
      options: {},
      expected:
        'R0 #1 succeeded|I1 #1 succeeded|A2 #1 unknown|A2 #1 absent|A2 #2 succeeded|api3 #1 succeeded|undo-A2 #1 succeeded|undo-I1 #1 succeeded|== succeeded',
    },
    {
      name: 'an unknown job that turns out complete is adopted',
      steps: drill,
      list: ['succeeded', 'succeeded', 'unknown', 'succeeded'],
      options: {},
      expected:
        'R0 #1 succeeded|I1 #1 succeeded|A2 #1 unknown|A2 #1 succeeded|api3 #1 succeeded|undo-A2 #1 succeeded|undo-I1 #1 succeeded|== succeeded',
    },
    {
      name: 'half an artefact is thrown away, not repeated',
      steps: drill,
      list: ['succeeded', 'succeeded', 'unknown', 'partial'],
      options: {},
      expected:
        'R0 #1 succeeded|I1 #1 succeeded|A2 #1 unknown|A2 #1 partial|undo-A2 #1 succeeded|undo-I1 #1 succeeded|== failed',
    },
    {
      name: 'half a desired state is established again',
      steps: drill,
      list: ['succeeded', 'unknown', 'partial'],
      options: {},
      expected:
        'R0 #1 succeeded|I1 #1 unknown|I1 #1 partial|I1 #2 succeeded|A2 #1 succeeded|api3 #1 succeeded|undo-A2 #1 succeeded|undo-I1 #1 succeeded|== succeeded',
    },
    {
      name: 'a cancel before anything began leaves nothing to do',
      steps: drill,
      list: [],
      options: { cancelAt: 0 },
      expected: '== cancelled',
    },
    {
      name: 'a cancel in the middle puts back what was begun',
      steps: drill,
      list: ['succeeded', 'succeeded', 'cancelled'],
      options: { cancelAt: 5 },
      expected:
        'R0 #1 succeeded|I1 #1 succeeded|A2 #1 cancelled|undo-A2 #1 succeeded|undo-I1 #1 succeeded|== cancelled',
    },
    {
      name: 'a cancel that comes when the work is done changes nothing',
      steps: drill,
      list: [],
      options: { cancelAt: 8 },
      expected:
        'R0 #1 succeeded|I1 #1 succeeded|A2 #1 succeeded|api3 #1 succeeded|undo-A2 #1 succeeded|undo-I1 #1 succeeded|== succeeded',
    },
    {
      name: 'what only a failure calls for stays away on success',
      steps: swap,
      list: [],
      options: {},
      expected: 'I0 #1 succeeded|D1 #1 succeeded|I2 #1 succeeded|== succeeded',
    },
    {
      name: 'half a destruction is for a person, and unwound after their word',
      steps: swap,
      list: ['succeeded', 'unknown', 'partial'],
      options: { resumes: 1 },
      expected:
        'I0 #1 succeeded|D1 #1 unknown|D1 #1 partial|-- resumed|undo-D1 #1 succeeded|undo-I0 #1 succeeded|== failed',
    },
    {
      name: 'a clean-up that fails five times is for a person, who gets five more',
      steps: [stepOf('I', 0, 'always')],
      list: ['succeeded', 'failed', 'failed', 'failed', 'failed', 'failed', 'failed'],
      options: { resumes: 1 },
      expected:
        'I0 #1 succeeded|undo-I0 #1 failed|undo-I0 #2 failed|undo-I0 #3 failed|undo-I0 #4 failed|undo-I0 #5 failed|-- resumed|undo-I0 #6 failed|undo-I0 #7 succeeded|== succeeded',
    },
    {
      name: 'before the point of no return a failure puts everything back',
      steps: cutover,
      list: ['succeeded', 'failed'],
      options: {},
      expected: 'I0 #1 succeeded|D1 #1 failed|undo-D1 #1 succeeded|undo-I0 #1 succeeded|== failed',
    },
    {
      name: 'behind it a failure waits for a person, who tries again, and nothing is put back',
      steps: cutover,
      list: ['succeeded', 'succeeded', 'succeeded', 'failed', 'failed'],
      options: { resumes: 2 },
      expected:
        'I0 #1 succeeded|D1 #1 succeeded|I2 #1 succeeded|A3 #1 failed|-- resumed|A3 #2 failed|-- resumed|A3 #3 succeeded|undo-I0 #1 succeeded|== succeeded',
    },
    {
      name: 'the step of no return itself is never put back, however it ended',
      steps: cutover,
      list: ['succeeded', 'succeeded', 'failed'],
      options: { resumes: 1 },
      expected:
        'I0 #1 succeeded|D1 #1 succeeded|I2 #1 failed|-- resumed|I2 #2 succeeded|A3 #1 succeeded|undo-I0 #1 succeeded|== succeeded',
    },
    {
      name: 'a cancel behind it ends the run with what is in place, and cleans up after the steps behind it',
      steps: cutover,
      list: ['succeeded', 'succeeded', 'succeeded', 'failed'],
      options: { cancelAt: 7 },
      expected:
        'I0 #1 succeeded|D1 #1 succeeded|I2 #1 succeeded|A3 #1 failed|undo-A3 #1 succeeded|undo-I0 #1 succeeded|== failed',
    },
    {
      name: 'a person who says no ends the run',
      steps: [stepOf('I', 0, 'always'), stepOf('person', 1)],
      list: ['succeeded', 'cancelled'],
      options: { cancelAt: 3 },
      expected: 'I0 #1 succeeded|person1 #1 cancelled|undo-I0 #1 succeeded|== cancelled',
    },
  ])('$name', ({ steps, list, options, expected }) => {
    expect(play(steps, fates(...list), options).text).toBe(expected.replaceAll('|', '\n'));
  });
});
