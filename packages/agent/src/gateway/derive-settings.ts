import { problem, type ProblemType } from '@barback/shared/wire/problem.ts';
import { receiptBytesMax } from '@barback/shared/wire/receipt.ts';
import { tokenBytesMax } from '@barback/shared/wire/token.ts';
import type { AgentConfig } from '../config.ts';
import type { GatewaySettings, Refusal } from './settings.ts';

/** The gateway's settings, answers included, so that it needs neither the configuration's parser nor the schemas. */
export function deriveSettings(config: AgentConfig): GatewaySettings {
  return {
    ...config.gateway,
    socket: config.socket,
    requestBytesMax: tokenBytesMax,
    answerBytesMax: receiptBytesMax,
    refusals: {
      path: refusal('not-found', 'There is only POST /v1/op.'),
      method: refusal('method-not-allowed', 'There is only POST /v1/op.'),
      'media-type': refusal('unsupported-media-type', 'The body must be one compact JWS as application/jose.'),
      'too-large': refusal('payload-too-large', `A request may have ${tokenBytesMax} bytes.`),
      unauthenticated: refusal('invalid-token', 'The request is not signed by a key that this agent knows.'),
      busy: refusal('rate-limited', 'Too many requests are being answered. Try again in a second.'),
      'no-executor': refusal('agent-unavailable', 'The executor does not answer. Try again in a second.'),
    },
  };
}

function refusal(type: ProblemType, detail: string): Refusal {
  const body = problem(type, detail);
  return { status: body.status, body: JSON.stringify(body) };
}
