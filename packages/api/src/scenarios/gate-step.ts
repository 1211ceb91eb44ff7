import type { Step } from './step.ts';

/** A gate before the point of no return: its deadline cancels (T34). */
export function gateStep(
  name: string,
  gate: { title: string; ask: string; choices: readonly string[]; deadlineMs: number; handsOver?: string },
): Step {
  const { title, ...action } = gate;
  return { name, title, action: { on: 'person', ...action, atDeadline: 'cancel' } };
}
