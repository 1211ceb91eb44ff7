import { setTimeout as sleep } from 'node:timers/promises';
import {
  enrolmentTokenSchema,
  enrolmentTyp,
  type Enrolment,
  type EnrolmentToken,
} from '@barback/shared/wire/enrolment.ts';
import { signJws } from '@barback/shared/wire/jws.ts';
import { importSigningKey, privateJwkSchema } from '@barback/shared/wire/keys.ts';
import { namesOf, parseConfig, type AgentConfig } from '../config.ts';
import { monotonicMs } from '../system/clock.ts';
import { readIfExists, writeAtomic } from '../system/files.ts';
import { postJson, type Answer } from '../system/http-post.ts';
import { removeFile } from '../system/look-at-file.ts';
import { runProgram } from '../system/run-program.ts';
import { withApi } from './config-with-api.ts';
import { makeCertificate } from './make-certificate.ts';
import { makeKeys } from './make-keys.ts';

export interface EnrollOptions {
  readonly configFile: string;
  readonly tokenFile: string | undefined;
  /** How the api reaches the gateway; left out: where the gateway listens. */
  readonly agentUrl: string | undefined;
  /** Who runs the gateway. */
  readonly owner: string | undefined;
  /** Start both programs by systemd. */
  readonly start: boolean;
}

const triesMs = 120_000;
const units = ['barback-executor.service', 'barback-gateway.service'];

/**
 * Makes what the agent lacks (the api in its configuration, keys, certificate), starts it if asked to, and lets the api pin it. Each part looks
 * at what is there, so it may be called again. Answers what to print.
 */
export async function enroll(options: EnrollOptions, say: (line: string) => void): Promise<string> {
  const token = await readToken(options.tokenFile);
  const config = await obey(options.configFile, token);
  if (!namesOf(config).includes(token.server)) {
    throw new Error(
      `the token is for the server ${token.server}; ${options.configFile} has ${namesOf(config).join(', ')}`,
    );
  }
  const agentUrl = options.agentUrl ?? `https://${config.gateway.host}:${config.gateway.port}`;
  if (!URL.canParse(agentUrl)) throw new Error(`${agentUrl} is no address: --agent-url https://10.0.0.5:7432`);
  const agentKey = await makeKeys(config.signingKeyFile);
  const certificate = await makeCertificate(config, new URL(agentUrl).hostname, options.owner);
  const { server } = token;
  const jws = await sign(config, { server, agentId: config.id, agentUrl, agentKey, certificate });
  if (options.start) await startUnits();
  else say(`start (or restart) ${units.join(' and ')} now: the api asks ${agentUrl} for proof`);
  const answer = await untilProven(token, jws, say);
  await removeFile(options.tokenFile ?? '');
  return `${answer}; the token is used up and its file removed`;
}

async function readToken(file: string | undefined): Promise<EnrolmentToken> {
  if (file === undefined)
    throw new Error('name the token: --token-file FILE, as "barback-api servers token" printed it');
  const text = await readIfExists(file);
  if (text === undefined) throw new Error(`cannot find ${file}`);
  try {
    return enrolmentTokenSchema.parse(JSON.parse(text));
  } catch {
    throw new Error(`${file} is not what "barback-api servers token" prints`);
  }
}

/** Writes the api into the configuration; nothing is written that would not be accepted. */
async function obey(file: string, { api }: EnrolmentToken): Promise<AgentConfig> {
  const text = await readIfExists(file);
  if (text === undefined) throw new Error(`cannot find ${file}: write the agent's configuration first`);
  const changed = withApi(text, api);
  const config = parseConfig(changed ?? text, file);
  if (changed !== null) await writeAtomic(file, changed, { mode: 0o644 });
  return config;
}

async function sign({ signingKeyFile }: AgentConfig, enrolment: Enrolment): Promise<string> {
  const jwk = privateJwkSchema.parse(JSON.parse((await readIfExists(signingKeyFile)) ?? ''));
  return signJws(enrolment, enrolmentTyp, await importSigningKey(jwk));
}

async function startUnits(): Promise<void> {
  for (const words of [
    ['enable', ...units],
    ['restart', ...units],
  ]) {
    const { exitCode, stderr } = await runProgram({
      argv: ['/usr/bin/systemctl', ...words],
      user: null,
      timeoutMs: 60_000,
    });
    if (exitCode !== 0) throw new Error(`systemctl ${words.join(' ')}: ${stderr.trim()}`);
  }
}

/** The api calls back: it may be that the agent, or a firewall, is not ready yet. */
async function untilProven(token: EnrolmentToken, jws: string, say: (line: string) => void): Promise<string> {
  const deadline = monotonicMs() + triesMs;
  for (let last = ''; ; ) {
    const answer = await post(token, jws);
    if (answer.status === 200) return `${token.server} is enrolled`;
    const why = `${answer.status === null ? '' : `${answer.status}: `}${answer.text.slice(0, 2_000)}`;
    if (why !== last) say(why);
    last = why;
    const mayPass = answer.status === null || answer.status === 502 || answer.status === 503;
    if (!mayPass || monotonicMs() > deadline) {
      throw new Error(
        'the api has not taken this agent over; nothing changed there, and the token can be used again unless it says otherwise',
      );
    }
    await sleep(2_000);
  }
}

function post({ api, ca, key }: EnrolmentToken, enrolment: string): Promise<Answer> {
  const headers = { authorization: `Bearer ${key}` };
  return postJson(new URL('/v1/enrolments', api.url), { enrolment }, { ca, headers, timeoutMs: 60_000 });
}
