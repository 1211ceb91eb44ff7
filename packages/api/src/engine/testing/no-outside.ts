import type { Outside } from '../outside.ts';

const refuse = (): Promise<never> => Promise.reject(new Error('this test has no applications'));

/** For runs without applications and checks: whoever asks is wrong. */
export const noOutside: Outside = { look: refuse, stop: refuse, start: refuse, reconnect: refuse, check: refuse };
