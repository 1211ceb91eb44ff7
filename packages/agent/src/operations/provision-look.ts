import path from 'node:path';
import { showArgv } from '../provision/terraform-argv.ts';
import type { Handler } from './handler.ts';
import { planTo, provisionerOf, provisioningIn, runTerraform } from './provisioner.ts';
import { withWorkplace } from './workplace.ts';

const changesMax = 500;
const textMax = 60_000;

export const provisionLook: Handler<'provision-look'> = {
  async perform(host, _params, call) {
    const { user = null } = provisionerOf(host);
    return withWorkplace({ user, call, prefix: 'barback-provision' }, async (work) => {
      const provisioning = provisioningIn(host, work);
      const file = path.join(work, 'plan');
      const { program, digest, changes, gone } = await planTo(provisioning, { file, locks: false }, call);
      const text = await runTerraform(provisioning, showArgv(provisioning.terraform, file, 'text'), call);
      return {
        program,
        digest,
        changes: changes.slice(0, changesMax),
        gone: gone.slice(0, changesMax),
        text: text.trim().slice(0, textMax),
      };
    });
  },
};
