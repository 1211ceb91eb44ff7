import type { Params } from '@barback/shared/operations/index.ts';
import { onAgent, type Step } from './step.ts';

/** Files of PostgreSQL's configuration that are to be as the lost host had them; null: they are only shown. */
export type AdoptedConfiguration = Omit<Params<'configuration-adopt'>, 'server'> | null;

/** Before the fence, which then judges the rules that will count: what runs until the cutover goes on with what it has read. */
export function adoptConfigurationSteps(server: string, adopted: AdoptedConfiguration): Step[] {
  if (adopted === null) return [];
  return [
    {
      name: 'adopt-configuration',
      title: "Write PostgreSQL's configuration as the lost host had it, but for what is of this host",
      action: onAgent('configuration-adopt', { server, ...adopted }),
      inverse: {
        when: 'failure',
        name: 'return-configuration',
        title: 'Put back the configuration that was here',
        action: onAgent('configuration-return', { server }),
      },
    },
  ];
}
