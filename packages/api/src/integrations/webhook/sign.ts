import { createHmac } from 'node:crypto';
import { ProblemError } from '@barback/shared/wire/problem.ts';

/** The headers of Standard Webhooks 1.0 for exactly this body. */
export function signedHeaders(
  secretName: string,
  secret: string,
  message: { readonly id: string; readonly seconds: number; readonly body: string },
): Record<string, string> {
  const key = keyOf(secretName, secret);
  const { id, seconds, body } = message;
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${signature}`,
  };
}

function keyOf(name: string, secret: string): Buffer {
  const text = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  const key = Buffer.from(text ?? '', 'base64');
  if (text !== undefined && key.length >= 24 && key.length <= 64) return key;
  throw new ProblemError('secret-unusable', `The secret ${name} is no signing secret of Standard Webhooks`, {
    next: 'Write whsec_ and the base64 of 24 to 64 random bytes into its file: echo "whsec_$(openssl rand -base64 32)"',
  });
}
