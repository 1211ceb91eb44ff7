import { sha256Hex } from '@barback/shared/wire/jws.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { loopback } from '../integrations/application-settings.ts';
import { askPeer, NoAnswer, type PeerRequest } from '../integrations/ask-peer.ts';
import type { Integrations } from '../integrations/integrations.ts';
import { signedHeaders } from '../integrations/webhook/sign.ts';
import type { Channel } from './channel-config.ts';
import type { Message } from './message.ts';

/** One try of one message. */
export interface Sending {
  readonly id: string;
  /** The message as JSON. */
  readonly body: string;
}

export type Delivered =
  | { readonly is: 'delivered' }
  /** 410: whoever runs the receiver wants nothing more. */
  | { readonly is: 'gone' }
  | { readonly is: 'failed'; readonly error: string; readonly retryAfterMs: number | null };

const textBytesMax = 3_500;

/** Sends a message once; never rejects because of the receiver, and never follows a redirect. */
export async function deliver(
  integrations: Integrations,
  { channel, sending, limitMs, signal }: { channel: Channel; sending: Sending; limitMs: number; signal: AbortSignal },
): Promise<Delivered> {
  try {
    const request = requestOf(integrations, channel, sending);
    const { status, retryAfter } = await askPeer(integrations, { ...request, method: 'POST', limitMs, signal });
    if (status >= 200 && status < 300) return { is: 'delivered' };
    if (status === 410) return { is: 'gone' };
    const redirects = status >= 300 && status < 400 ? ', and redirects are not followed' : '';
    return { is: 'failed', error: `it said ${status}${redirects}`, retryAfterMs: retryAfterOf(retryAfter) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof NoAnswer) return { is: 'failed', error: error.message, retryAfterMs: null };
    if (error instanceof ProblemError) return { is: 'failed', error: error.problem.detail, retryAfterMs: null };
    throw error;
  }
}

type Request = Pick<PeerRequest, 'url' | 'headers' | 'body'>;

function requestOf(integrations: Integrations, channel: Channel, sending: Sending): Request {
  const message = JSON.parse(sending.body) as Message;
  switch (channel.kind) {
    case 'webhook': {
      const seconds = Math.floor(integrations.clock.now() / 1_000_000);
      const secret = integrations.secrets.read(channel.secret);
      const { id, body } = sending;
      return { url: channel.url, headers: signedHeaders(channel.secret, secret, { id, seconds, body }), body };
    }
    case 'slack': {
      const { title, text } = message.data;
      const body = JSON.stringify({ text: `*${title}*\n${text}` });
      return { url: secretUrl(integrations, channel.urlSecret), headers: { 'content-type': 'application/json' }, body };
    }
    case 'ntfy':
      return ntfy(integrations, channel, message);
    case 'healthchecks':
      return ping(secretUrl(integrations, channel.urlSecret), message);
  }
}

function ntfy(
  integrations: Integrations,
  channel: Extract<Channel, { kind: 'ntfy' }>,
  { data, type }: Message,
): Request {
  const token = channel.secret === undefined ? null : integrations.secrets.read(channel.secret);
  return {
    url: channel.url,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      // Headers are ASCII; what is not is told in the body.
      title: data.title.replaceAll(/[^\x20-\x7e]/g, '?'),
      priority: data.urgent ? '5' : '3',
      tags: type.replaceAll('.', '-'),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: short(`${data.title}\n${data.text}`),
  };
}

/** healthchecks.io pairs a begin and its end by `rid`, a UUID: made of the run. */
function ping(base: string, { type, data }: Message): Request {
  const ends: Partial<Record<Message['type'], string>> = {
    'run.started': '/start',
    'run.failed': '/fail',
    'run.cancelled': '/log',
  };
  const hex = sha256Hex(data.run ?? '');
  const rid = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)];
  return {
    url: `${base.replace(/\/$/, '')}${ends[type] ?? (type === 'test' ? '/log' : '')}?rid=${rid.join('-')}`,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: short(`${data.title}\n${data.text}`),
  };
}

function secretUrl(integrations: Integrations, name: string): string {
  const text = integrations.secrets.read(name);
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHere = url !== null && url.protocol === 'http:' && loopback.test(url.hostname);
  if (url !== null && (url.protocol === 'https:' || isHere)) return text;
  throw new ProblemError('secret-unusable', `The secret ${name} is no https address`, {
    next: 'Write the whole address that the service gave you into its file.',
  });
}

function short(text: string): string {
  return text.length <= textBytesMax ? text : `${text.slice(0, textBytesMax)} …`;
}

function retryAfterOf(header: string | null): number | null {
  return header !== null && /^\d{1,5}$/.test(header) ? Number(header) * 1000 : null;
}
