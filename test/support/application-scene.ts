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
  const answer = await request(lab, 'PUT', `/v1/servers/${lab.server}/settings`, {
    role: 'admin',
    body: { applications: [application] },
  });
  if (answer.status !== 200) throw new Error(`cannot set the application: ${answer.status} ${answer.text}`);
  return writer;
}
