import { parseInstant } from '../postgres/instant.ts';
import { eventSchema, type AuditEvent } from './event.ts';
import { leafHash, noPrevious } from './leaf-hash.ts';

/** The newest event that somebody kept: an export that does not contain it has been cut or rewritten. */
export interface KnownHead {
  readonly seq: number;
  /** Hex of the RFC 6962 leaf hash of the event's bytes. */
  readonly leaf: string;
}

export type Verdict =
  | {
      readonly ok: true;
      readonly log: string;
      readonly events: number;
      readonly head: KnownHead;
      /** Where the clock was set back: no sign of tampering by itself. */
      readonly notes: readonly string[];
    }
  /** `line` counts from 1; 0 when the whole is at fault. A changed line shows by itself or by the next one. */
  | { readonly ok: false; readonly line: number; readonly reason: string };

/** Takes an export line by line, in constant memory. */
export interface AuditVerifier {
  add(line: string): void;
  finish(): Verdict;
}

/** For an excerpt: the event before its first line, of a log that was verified that far. */
export type Start = KnownHead & { readonly log: string };

const notesMax = 100;

/** Checks that nothing in an exported log was changed, left out, put in or moved; needs nothing but the export. */
export function auditVerifier(known?: KnownHead, start?: Start): AuditVerifier {
  let failure: Verdict | null = null;
  let log = start?.log ?? null;
  let head: KnownHead = start ?? { seq: -1, leaf: noPrevious };
  let events = 0;
  let latest = 0;
  let knownFound = known === undefined;
  const notes: string[] = [];
  return {
    add(line) {
      if (failure !== null) return;
      events += 1;
      const event = readEvent(line);
      const reason = typeof event === 'string' ? event : faultOf(event, head, log);
      if (reason !== null || typeof event === 'string') {
        failure = { ok: false, line: events, reason: reason ?? 'unknown fault' };
        return;
      }
      log = event.log;
      head = { seq: event.seq, leaf: leafHash(line) };
      const at = microsOf(event);
      if (at < latest && notes.length < notesMax)
        notes.push(`the clock was set back before event ${event.seq} (${event.at})`);
      latest = Math.max(latest, at);
      if (known === undefined || event.seq !== known.seq) return;
      if (head.leaf === known.leaf) knownFound = true;
      else failure = { ok: false, line: events, reason: `event ${known.seq} is not the one that was kept` };
    },
    finish() {
      if (failure !== null) return failure;
      if (log === null) return { ok: false, line: 0, reason: 'the log is empty' };
      if (!knownFound) return { ok: false, line: 0, reason: `the log ends before event ${known?.seq}, which was kept` };
      return { ok: true, log, events, head, notes };
    },
  };
}

export function verifyAudit(lines: Iterable<string>, known?: KnownHead, start?: Start): Verdict {
  const verifier = auditVerifier(known, start);
  for (const line of lines) verifier.add(line);
  return verifier.finish();
}

function readEvent(line: string): AuditEvent | string {
  try {
    const value: unknown = JSON.parse(line);
    // A second spelling of the same content would be other bytes for the same event.
    if (JSON.stringify(value) !== line) return 'not spelled as it was written';
    const parsed = eventSchema.safeParse(value);
    if (!parsed.success) return `not an event: ${parsed.error.issues[0]?.message ?? 'unknown fault'}`;
    return Number.isNaN(microsOf(parsed.data)) ? 'not an event: its time is none' : parsed.data;
  } catch {
    return 'not JSON';
  }
}

function microsOf(event: AuditEvent): number {
  const at = parseInstant(event.at);
  return at.ok ? at.micros : Number.NaN;
}

function faultOf(event: AuditEvent, head: KnownHead, log: string | null): string | null {
  if (log !== null && event.log !== log) return `belongs to another log: ${event.log}`;
  if (event.seq !== head.seq + 1) return `its number is ${event.seq} where ${head.seq + 1} follows`;
  return event.prev === head.leaf ? null : 'it does not follow the event before it: one of the two was changed';
}
