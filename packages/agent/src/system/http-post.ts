import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';

/** Null status: nobody answered, and the text says why. */
export interface Answer {
  readonly status: number | null;
  readonly text: string;
}

interface Options {
  /** PEM; null: the system's authorities. */
  readonly ca: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

const answerBytesMax = 65_536;

/** One POST without redirects. */
export function postJson(url: URL, body: unknown, { ca, headers, timeoutMs }: Options): Promise<Answer> {
  const content = JSON.stringify(body);
  const request = url.protocol === 'https:' ? tlsRequest : plainRequest;
  const options = {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) },
    ...(ca === null ? {} : { ca }),
    signal: AbortSignal.timeout(timeoutMs),
  };
  return new Promise((resolve) => {
    const failed = (error: Error): void =>
      resolve({ status: null, text: `cannot reach ${url.origin}: ${error.message}` });
    const sent = request(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text = (text + chunk).slice(0, answerBytesMax);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? null, text }));
      response.on('error', failed);
    });
    sent.on('error', failed);
    sent.end(content);
  });
}
