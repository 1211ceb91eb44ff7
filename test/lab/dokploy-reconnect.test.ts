import type { DokployApplication } from '@barback/api/integrations/application-settings.ts';
import { snapshotApplication, startApplication } from '@barback/api/integrations/applications.ts';
import { reconnectDokploy } from '@barback/api/integrations/dokploy/reconnect.ts';
import type { Integrations } from '@barback/api/integrations/integrations.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { ProblemError, type Problem } from '@barback/shared/wire/problem.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDokployScene, type DokployScene } from './dokploy-scene.ts';
import type { FakeDokploy } from './fake-dokploy-state.ts';

const workload = { argv: ['sleep', '600'] };
const never = new AbortController().signal;

let scene: DokployScene;
let fake: FakeDokploy;
let integrations: Integrations;

beforeEach(async () => {
  scene = await openDokployScene([
    { id: 'shop', workload },
    { id: 'project', type: 'compose', workload },
  ]);
  ({ fake, integrations } = scene);
});

afterEach(() => scene.close());

function application(id: string): DokployApplication {
  const type = id === 'project' ? 'compose' : 'application';
  const rest = { secret: 'key', role: 'app', deadlineSeconds: 5, databaseVariable: 'SPRING_DATASOURCE_URL' };
  return { kind: 'dokploy', name: 'the-app', url: fake.url, service: { type, id }, ...rest };
}

const given = (id: string) => ({ plan: newId(Date.now()), application: application(id), signal: never });

async function restarted(id: string): Promise<void> {
  const snapshot = await snapshotApplication(integrations, given(id));
  await startApplication(integrations, { ...given(id), snapshot });
}

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error = await work.catch((reason: unknown) => reason);
  if (!(error instanceof ProblemError)) throw new Error(`expected a problem, not ${String(error)}`);
  if (JSON.stringify(error.problem).includes('canary')) throw new Error('a secret was told');
  return error.problem;
}

describe('an application whose database is at another address', () => {
  const url = 'jdbc:postgresql://10.0.0.5:5432/app';
  const env = `# ours\nSPRING_DATASOURCE_URL="${url}"\nSPRING_DATASOURCE_PASSWORD=canary_env_7731\n`;
  const address = { host: '10.0.0.9' };
  const reconnect = (id: string) => reconnectDokploy(integrations, application(id), { address, signal: never });

  test.each(['v0.25.5', 'v0.26.1', 'v0.30.2'])(
    'finds it there from its next start on, with Dokploy %s',
    async (version) => {
      fake.version = version;
      for (const id of ['shop', 'project']) {
        const { row, swarm } = fake.service(id);
        row.env = env;
        const before = { ...row };
        expect(await reconnect(id)).toEqual({ variable: 'SPRING_DATASOURCE_URL', changed: true });
        expect(row).toEqual({ ...before, env: env.replace('10.0.0.5', '10.0.0.9') });
        // Saved is not applied.
        expect(swarm.environment).not.toContain('10.0.0.9');
        expect(await reconnect(id)).toEqual({ variable: 'SPRING_DATASOURCE_URL', changed: false });
        await restarted(id);
        expect(swarm.environment).toContain('10.0.0.9');
      }
    },
  );

  test('is left as it is when its environment is not clear, or somebody else changes it', async () => {
    const { row } = fake.service('shop');
    for (const text of [env + env, `SPRING_DATASOURCE_URL=\${{project.DB}}\n`, 'A=1\n']) {
      row.env = text;
      expect((await problemOf(reconnect('shop'))).type).toBe('urn:barback:problem:application-refused');
      expect(row.env).toBe(text);
    }
    row.env = env;
    fake.faults.environmentChanges = true;
    expect((await problemOf(reconnect('shop'))).detail).toContain('nothing was saved');
    expect(row.env).toContain('10.0.0.5');
    expect(fake.calls).not.toContain('application.saveEnvironment');
    expect(fake.unknown).toEqual([]);
  });
});
