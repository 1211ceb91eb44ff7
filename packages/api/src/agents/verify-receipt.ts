import { sha256Hex, verifyJws, type PinnedKeys } from '@barback/shared/wire/jws.ts';
import { receiptClaimsSchema, receiptType, type ReceiptClaims } from '@barback/shared/wire/receipt.ts';

/** What a receipt must repeat of the request that it answers. */
export interface Asked {
  readonly token: string;
  readonly jti: string;
  readonly op: string;
  readonly opid: string;
}

export interface Pinned {
  readonly keys: PinnedKeys;
  readonly agentId: string;
  readonly instanceId: string;
}

/** The claims of a receipt that this agent signed for this very request, or why it is worth nothing. */
export async function verifyReceipt(
  receipt: string,
  asked: Asked,
  pinned: Pinned,
): Promise<{ ok: true; claims: ReceiptClaims } | { ok: false; reason: string }> {
  const verified = await verifyJws(receipt, receiptType, pinned.keys);
  if (!verified) return { ok: false, reason: 'it does not carry a signature of the enrolled agent key' };
  const parsed = receiptClaimsSchema.safeParse(verified.payload);
  if (!parsed.success) return { ok: false, reason: `its claims do not fit: ${parsed.error.issues[0]?.message ?? ''}` };
  const claims = parsed.data;
  const expected = {
    iss: pinned.agentId,
    aud: pinned.instanceId,
    req: asked.jti,
    reqh: sha256Hex(asked.token),
    op: asked.op,
    opid: asked.opid,
  };
  for (const [name, value] of Object.entries(expected)) {
    if (claims[name as keyof typeof expected] !== value) {
      return { ok: false, reason: `its ${name} does not belong to the request` };
    }
  }
  return { ok: true, claims };
}
