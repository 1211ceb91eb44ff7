import { verifyJws, type PinnedKeys } from '@barback/shared/wire/jws.ts';
import { problem, type Problem } from '@barback/shared/wire/problem.ts';
import { tokenType, type TokenClaims } from '@barback/shared/wire/token.ts';
import { nowMicros } from '../system/clock.ts';
import { admitRequest, admitToken, clockToleranceSeconds, type RequestFacts, type TokenFacts } from './admit.ts';
import { answerRequest, type Reply } from './answer.ts';
import type { Asked, Parts } from './parts.ts';
import { namesOf } from './receipt.ts';
import type { Refusals } from './refusals.ts';
import type { UsedTokens } from './used-tokens.ts';

/** The one answer to everything that no pinned key has signed: it tells nothing. */
const unauthenticatedLine = 'invalid-token';

export interface Authority {
  readonly keys: PinnedKeys;
  readonly tokenFacts: Omit<TokenFacts, 'now'>;
  readonly requestFacts: RequestFacts;
  readonly used: UsedTokens;
  readonly refusals: Refusals;
}

/** The line that answers a line: a receipt for whoever holds a pinned key, one constant for everybody else. */
export async function handleLine(
  line: string,
  authority: Authority,
  parts: Parts,
  signal: AbortSignal,
): Promise<string> {
  const verified = await verifyJws(line, tokenType, authority.keys);
  if (!verified) {
    await authority.refusals.unauthenticated(line);
    return unauthenticatedLine;
  }
  const { kid, payload } = verified;
  const asked: Asked = { names: namesOf(line, authority.tokenFacts.issuers.get(kid) ?? '', payload), signal };
  const reply = await replyTo(kid, payload, authority, { parts, asked });
  if ('receipt' in reply) return reply.receipt;
  const { answer } = reply;
  if (answer.kind === 'problem' && reply.refused) {
    await authority.refusals.authentic(kid, asked.names, answer.problem);
  }
  return parts.signer.sign(asked.names, answer, nowMicros());
}

async function replyTo(
  kid: string,
  payload: unknown,
  authority: Authority,
  { parts, asked }: { parts: Parts; asked: Asked },
): Promise<Reply> {
  const now = nowMicros() / 1_000_000;
  const token = admitToken(kid, payload, { ...authority.tokenFacts, now });
  if (!token.ok) return refusal(token.problem);
  const replayed = claimToken(token.value, authority.used, now);
  if (replayed) return refusal(replayed);
  const request = admitRequest(token.value, authority.requestFacts);
  if (!request.ok) return refusal(request.problem);
  return answerRequest(parts, request.value, token.value, asked);
}

function claimToken(claims: TokenClaims, used: UsedTokens, now: number): Problem | undefined {
  switch (used.use(claims.jti, claims.exp + clockToleranceSeconds, now)) {
    case 'fresh':
      return undefined;
    case 'used':
      return problem('token-replayed', `cannot accept token ${claims.jti} again`, { next: 'sign a new token' });
    case 'full':
      return problem('rate-limited', 'cannot accept more tokens in this minute', { next: 'try again in a minute' });
  }
}

function refusal(found: Problem): Reply {
  return { answer: { kind: 'problem', problem: found }, refused: true };
}
