import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '@barback/api/clock.ts';
import { openIntegrations, usualPace, type Integrations } from '@barback/api/integrations/integrations.ts';
import { openSecrets } from '@barback/api/integrations/secrets.ts';
import { startFakeDokploy, type FakeServiceOptions } from './fake-dokploy.ts';
import type { FakeDokploy } from './fake-dokploy-state.ts';

export interface DokployScene {
  readonly fake: FakeDokploy;
  readonly integrations: Integrations;
  /** Of the API key, which is the secret `key`. */
  readonly keyFile: string;
  close(): Promise<void>;
}

/** A fake Dokploy with services, and an api's integrations that have its key and do not wait long. */
export async function openDokployScene(services: readonly FakeServiceOptions[]): Promise<DokployScene> {
  const directory = await mkdtemp(path.join(tmpdir(), 'barback-dokploy-'));
  const fake = await startFakeDokploy(services);
  const keyFile = path.join(directory, 'dokploy-key');
  await writeFile(keyFile, `${fake.key}\n`, { mode: 0o600 });
  const pace = { ...usualPace, pollMs: 20, stableMs: 250, callLimitMs: 1_500 };
  const integrations = openIntegrations({ secrets: openSecrets({ key: keyFile }), clock: systemClock, pace });
  return {
    fake,
    integrations,
    keyFile,
    async close() {
      await integrations.close();
      await fake.close();
      await rm(directory, { recursive: true });
    },
  };
}
