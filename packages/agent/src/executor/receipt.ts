import type { Micros } from '@barback/shared/postgres/instant.ts';
import { sha256Hex, signJws, type SigningKey } from '@barback/shared/wire/jws.ts';
import { problem } from '@barback/shared/wire/problem.ts';
import { receiptBytesMax, receiptType, type Answer, type ReceiptClaims } from '@barback/shared/wire/receipt.ts';
import { agentVersion } from '../version.ts';

/** What a receipt says of the request; from authentic but malformed claims, whatever of it is text. */
export interface RequestNames {
  readonly token: string;
  /** The api's id that belongs to the key, whatever `iss` said. */
  readonly issuer: string;
  readonly jti: string;
  readonly op: string;
  readonly opid: string;
}

export interface ReceiptSigner {
  sign(names: RequestNames, answer: Answer, time: Micros): Promise<string>;
}

/** Signs answers with the agent's key; an answer that is too large becomes a problem that says so. */
export function receiptSigner(agentId: string, epoch: string, key: SigningKey): ReceiptSigner {
  const sign = (names: RequestNames, answer: Answer, time: Micros) =>
    signJws(receiptClaims({ agentId, epoch, names, answer, time }), receiptType, key);
  return {
    async sign(names, answer, time) {
      const receipt = await sign(names, answer, time);
      if (receipt.length <= receiptBytesMax) return receipt;
      const detail = `cannot answer ${names.op}: its result takes ${receipt.length} bytes of at most ${receiptBytesMax}`;
      return sign(names, { kind: 'problem', problem: problem('internal', detail) }, time);
    },
  };
}

function receiptClaims(from: {
  agentId: string;
  epoch: string;
  names: RequestNames;
  answer: Answer;
  time: Micros;
}): ReceiptClaims {
  const { agentId, epoch, names, answer, time } = from;
  return {
    iss: agentId,
    aud: names.issuer,
    iat: Math.floor(time / 1_000_000),
    req: names.jti,
    reqh: sha256Hex(names.token),
    epoch,
    time,
    op: names.op,
    opid: names.opid,
    agentVersion,
    answer,
  };
}

/** The names in an authentic payload that may not fit the schema of claims. */
export function namesOf(token: string, issuer: string, payload: unknown): RequestNames {
  const text = (name: string): string => {
    if (typeof payload !== 'object' || payload === null || !Object.hasOwn(payload, name)) return '';
    const value = (payload as Record<string, unknown>)[name];
    return typeof value === 'string' ? value.slice(0, 256) : '';
  };
  return { token, issuer, jti: text('jti'), op: text('op'), opid: text('opid') };
}
