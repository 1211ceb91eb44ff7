import type { AuditEvent } from '@barback/shared/audit/event.ts';
import { page, table } from './layout.ts';
import { nextActions } from './next-actions.ts';

interface AuditView {
  readonly events: readonly AuditEvent[];
  readonly next: number | null;
  readonly head: { readonly log: string; readonly seq: number; readonly leaf: string } | null;
}

/** One line per event. */
export function renderAudit({ events, head }: AuditView): string {
  return page(
    head === null ? null : `log ${head.log}, head ${head.seq}:${head.leaf}`,
    events.length === 0
      ? 'no events'
      : table(
          ['SEQ', 'TIME (UTC)', 'EVENT', 'SERVER', 'RUN', 'STEP', 'BY', 'DATA'],
          events.map((event) => [
            String(event.seq),
            event.at.slice(0, 23).replace('T', ' '),
            event.type,
            event.server ?? '',
            event.run ?? '',
            event.step ?? '',
            `${event.actor.kind} ${event.actor.id}`,
            shortened(JSON.stringify(event.data)),
          ]),
        ),
    nextActions([
      { say: 'the whole log; then verify it offline: barback-api audit verify audit.jsonl', path: '/v1/audit/export' },
    ]),
  );
}

function shortened(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}
