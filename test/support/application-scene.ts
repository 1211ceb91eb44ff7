import { chown, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { startWritingApplication, type WritingApplication } from '../lab/writing-application.ts';
import { request } from './barback-client.ts';

/** A lab's application behind a Dokploy, known to its api by the settings of the server. */
export async function applicationOf(lab: Lab): Promise<WritingApplication> {
  // Some hundred commits a second: enough for every question, and little beside what two cores do.
  const writer = await startWritingApplication(lab, { pauseMs: 20 });
  const file = path.join(lab.dir, 'api', 'dokploy-key');
  await writeFile(file, writer.dokploy.key, { mode: 0o600 });
  const { uid, gid } = await stat(path.dirname(file));
  await chown(file, uid, gid);
  const application = {
    kind: 'dokploy',
    name: 'writer',
    url: writer.dokploy.url,
    secret: 'dokploy',
    service: { type: 'application', id: writer.id },
    role: 'app',
  };
  await setApplications(lab, [application]);
  return writer;
}

/** What the api stops and starts, or lets the agent or a person do, from now on. */
export async function setApplications(lab: Lab, applications: readonly object[]): Promise<void> {
  const route = `/v1/servers/${lab.server}/settings`;
  const answer = await request(lab, 'PUT', route, { role: 'admin', body: { applications } });
  if (answer.status !== 200) throw new Error(`cannot set the applications: ${answer.status} ${answer.text}`);
}
