import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { importSigningKey, publicJwkSchema, publicPart } from '@barback/shared/wire/keys.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { proverOf } from '../agents/prove-agent.ts';
import { systemClock } from '../clock.ts';
import { instanceId, readSigningKey } from '../keys/instance.ts';
import { serverSettingsSchema, type ServerSettings } from '../planner/plan-document.ts';
import { durationMs } from '../scenarios/duration.ts';
import { agentUrlOf } from '../servers/agent-url.ts';
import { replacedAgent } from '../servers/replaced-agent.ts';
import { saveServer, type Server } from '../servers/server-store.ts';
import { UsageError, type Command, type Given } from './command.ts';
import { localActor } from './local-actor.ts';
import { withLocal } from './open-local.ts';
import { serverNameOf } from './server-name.ts';

export const serversAdd: Command = {
  words: ['servers', 'add'],
  positionals: ['NAME'],
  options: {
    'agent-url': { value: 'https://HOST:PORT', required: true },
    'agent-id': { value: 'ID', required: true },
    'agent-key': { value: 'FILE', required: true },
    'agent-certificate': { value: 'FILE', required: true },
    rto: { value: '15m' },
    rpo: { value: '5m' },
    'max-row-loss-percent': { value: 'N' },
    'min-tables': { value: 'N' },
    approvals: { value: 'SCENARIO=N', many: true },
    config: { value: 'FILE', required: true },
  },
  says: 'add a server, or replace the agent of one: both keys are proven by one signed question before anything is stored',
  run: (given) =>
    withLocal(given, async ({ config, database }) => {
      const said = serverOf(given, systemClock.now());
      const id = instanceId(config, database, systemClock.now());
      const signingKey = readSigningKey(config.signingKeyFile);
      const identity = { id, publicKey: publicPart(signingKey) };
      const prove = proverOf({ instanceId: id, signingKey: await importSigningKey(signingKey), clock: systemClock });
      const { version, heldBy, kind } = await prove(said, localActor().id).catch((error: unknown) => {
        process.stderr.write(`the agent must list this api under apis:\n  ${JSON.stringify(identity)}\n`);
        throw error;
      });
      const server = { ...said, kind };
      const how = saveServer(
        database,
        server,
        localActor(),
        replacedAgent({ database, clock: systemClock, instanceId: id }, { server: server.name, heldBy }),
      );
      process.stdout.write(`${how} ${server.name}: agent ${server.agentId} ${version} answered and was verified\n`);
      return 0;
    }),
};

function serverOf(given: Given, createdAt: number): Omit<Server, 'kind'> {
  return {
    name: serverNameOf(given),
    agentUrl: agentUrl(given.one('agent-url')),
    agentId: given.one('agent-id'),
    agentKey: agentKey(given.one('agent-key')),
    certificate: certificate(given.one('agent-certificate')),
    settings: settingsOf(given),
    createdAt,
  };
}

function agentUrl(text: string): string {
  const url = agentUrlOf(text);
  if (url !== undefined) return url;
  throw new UsageError('--agent-url is an https address without a path, such as https://db1.example.org:7432');
}

function agentKey(file: string): string {
  const parsed = publicJwkSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) throw new Error(`cannot use ${file}: it is not what "barback-agent keys" prints`);
  return JSON.stringify(parsed.data);
}

function certificate(file: string): string {
  const text = readFileSync(file, 'utf8');
  try {
    return new X509Certificate(text).toString();
  } catch (error) {
    throw new ProblemError('validation-failed', `cannot use ${file}: it is not a certificate in PEM`, {
      next: `Copy the agent's certificateFile (${error instanceof Error ? error.message : 'unreadable'})`,
    });
  }
}

function settingsOf(given: Given): ServerSettings {
  const approvals: Record<string, number> = {};
  for (const text of given.many('approvals')) {
    const [scenario = '', count = ''] = text.split('=');
    approvals[scenario] = numberOf('approvals', count);
  }
  const parsed = serverSettingsSchema.safeParse({
    rtoSeconds: secondsOf('rto', given.maybe('rto')),
    rpoSeconds: secondsOf('rpo', given.maybe('rpo')),
    rowLossPercentMax: maybeNumber(given, 'max-row-loss-percent'),
    tablesMin: maybeNumber(given, 'min-tables'),
    approvals,
  });
  if (parsed.success) return parsed.data;
  throw new UsageError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
}

function secondsOf(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^[1-9]\d{0,5}[smh]$/.test(text)) throw new UsageError(`--${option} is a duration such as 90s, 15m or 2h`);
  return durationMs(text) / 1000;
}

function maybeNumber(given: Given, option: string): number | null {
  const text = given.maybe(option);
  return text === undefined ? null : numberOf(option, text);
}

function numberOf(option: string, text: string): number {
  if (!/^\d{1,9}(\.\d{1,4})?$/.test(text))
    throw new UsageError(`--${option} needs a number, not ${JSON.stringify(text)}`);
  return Number(text);
}
