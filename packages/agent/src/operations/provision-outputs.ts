import { z } from 'zod';
import { initArgv, outputArgv } from '../provision/terraform-argv.ts';
import type { Handler } from './handler.ts';
import { provisionerOf, provisioningIn, runTerraform } from './provisioner.ts';
import { withWorkplace } from './workplace.ts';

const outputsSchema = z.record(z.string(), z.looseObject({ sensitive: z.boolean(), value: z.unknown() }));
const valueMax = 4_096;

export const provisionOutputs: Handler<'provision-outputs'> = {
  async perform(host, _params, call) {
    const { user = null, outputs: names } = provisionerOf(host);
    return withWorkplace({ user, call, prefix: 'barback-provision' }, async (work) => {
      const provisioning = provisioningIn(host, work);
      await runTerraform(provisioning, initArgv(provisioning.terraform), call);
      const all = outputsSchema.parse(
        JSON.parse(await runTerraform(provisioning, outputArgv(provisioning.terraform), call)),
      );
      const outputs = names.map((name) => {
        const found = all[name];
        const value = found === undefined || found.sensitive ? null : textOf(found.value);
        return { name, value };
      });
      return { outputs };
    });
  },
};

function textOf(value: unknown): string {
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, valueMax);
}
