import { drill } from './drill.ts';

/** Every scenario: routes, engine, renderers, docs and the every-scenario tests read this catalogue. */
export const scenarios = { drill } as const;

export type ScenarioName = keyof typeof scenarios;
