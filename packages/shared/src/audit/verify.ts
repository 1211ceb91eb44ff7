import { eventSchema, type AuditEvent } from './event.ts';
import { leafHash, noPrevious } from './leaf-hash.ts';

/** The newest event that somebody kept: an export that does not contain it has been cut or rewritten. */
export interface KnownHead {
  readonly seq: number;
  readonly leaf: string;
}

export type Verdict =
  | { readonly ok: true; readonly log: string; readonly events: number; readonly head: KnownHead }
  /** `line` counts from 1; 0 when the whole is at fault. */
  | { readonly ok: false; readonly line: number; readonly reason: string };

/** Takes an export line by line, in constant memory. */
export interface AuditVerifier {
  add(line: string): void;
  finish(): Verdict;
}

/** Checks that nothing in an exported log was changed, left out, put in or moved; needs nothing but the export. */
export function auditVerifier(known?: KnownHead): AuditVerifier {
  let failure: Verdict | null = null;
  let log: string | null = null;
  let head: KnownHead = { seq: -1, leaf: noPrevious };
  let knownFound = known === undefined;
  return {
    add(line) {
      if (failure !== null) return;
      const event = readEvent(line);
      const reason = typeof event === 'string' ? event : faultOf(event, head, log);
      if (reason !== null || typeof event === 'string') {
        failure = { ok: false, line: head.seq + 2, reason: reason ?? 'unknown fault' };
        return;
      }
      log = event.log;
      head = { seq: event.seq, leaf: leafHash(line) };
      if (known === undefined || event.seq !== known.seq) return;
      if (head.leaf === known.leaf) knownFound = true;
      else failure = { ok: false, line: head.seq + 1, reason: `event ${known.seq} is not the one that was kept` };
    },
    finish() {
      if (failure !== null) return failure;
      if (log === null) return { ok: false, line: 0, reason: 'the log is empty' };
      if (!knownFound) return { ok: false, line: 0, reason: `the log ends before event ${known?.seq}, which was kept` };
      return { ok: true, log, events: head.seq + 1, head };
    },
  };
}

export function verifyAudit(lines: Iterable<string>, known?: KnownHead): Verdict {
  const verifier = auditVerifier(known);
  for (const line of lines) verifier.add(line);
  return verifier.finish();
}

function readEvent(line: string): AuditEvent | string {
  try {
    const parsed = eventSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : `not an event: ${parsed.error.issues[0]?.message ?? 'unknown fault'}`;
  } catch {
    return 'not JSON';
  }
}

function faultOf(event: AuditEvent, head: KnownHead, log: string | null): string | null {
  if (log !== null && event.log !== log) return `belongs to another log: ${event.log}`;
  if (event.seq !== head.seq + 1) return `its number is ${event.seq} where ${head.seq + 1} follows`;
  return event.prev === head.leaf ? null : 'it does not follow the event before it: one of the two was changed';
}
