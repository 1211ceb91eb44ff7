import { ProblemError } from '@barback/shared/wire/problem.ts';
import { parseJson } from './parse-json.ts';

/** Bytes of a request's body: a plan with 32 long probes fits four times. */
const bodyBytesMax = 1024 * 1024;

/** The JSON value of a request's body; `undefined` when there is none. */
export async function readBody(request: Request): Promise<unknown> {
  const bytes = await collect(request);
  if (bytes.length === 0) return undefined;
  refuseOtherTypes(request.headers);
  return parseJson(bytes);
}

function refuseOtherTypes(headers: Headers): void {
  const type = headers.get('content-type') ?? '';
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
    throw new ProblemError('unsupported-media-type', 'The body is not declared as application/json', {
      next: 'Send it with Content-Type: application/json (curl: --json)',
    });
  }
  const encoding = headers.get('content-encoding');
  if (encoding !== null && encoding !== 'identity') {
    throw new ProblemError('unsupported-media-type', 'The body is compressed', { next: 'Send it as it is' });
  }
}

async function collect(request: Request): Promise<Uint8Array> {
  const declared = Number(request.headers.get('content-length') ?? 0);
  if (declared > bodyBytesMax) throw tooLarge();
  if (request.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > bodyBytesMax) throw tooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function tooLarge(): ProblemError {
  return new ProblemError('payload-too-large', `The body is larger than ${bodyBytesMax} bytes`, {
    next: 'Send fewer or shorter probes',
  });
}
