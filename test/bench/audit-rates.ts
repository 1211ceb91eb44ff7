import { eventSchema } from '@barback/shared/audit/event.ts';
import { leafHash, noPrevious } from '@barback/shared/audit/leaf-hash.ts';
import { verifyAudit } from '@barback/shared/audit/verify.ts';
import type { Figure } from './figures.ts';

const events = 100_000;

/** How fast a log of generated events is verified, line by line, in memory. */
export function auditRates(): readonly Figure[] {
  const lines = chain();
  const rates: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const began = performance.now();
    if (!verifyAudit(lines).ok) throw new Error('the generated log does not verify');
    rates.push((events / (performance.now() - began)) * 1000);
  }
  return [{ what: `verify ${events} events`, unit: 'events/s', samples: rates, budget: { atLeast: 100_000 } }];
}

function chain(): readonly string[] {
  const lines: string[] = [];
  let prev = noPrevious;
  for (let seq = 0; seq < events; seq += 1) {
    const event = eventSchema.parse({
      v: 1,
      log: 'bench',
      seq,
      at: '2026-11-22T12:00:00.000000Z',
      type: 'step.succeeded',
      actor: { kind: 'engine', id: 'api' },
      server: 'main',
      plan: 'p',
      run: 'r',
      step: 'recover',
      attempt: 1,
      data: { receipt: 'f'.repeat(64), opid: '01hzzzzzzzzzzzzzzzzzzzzzzz' },
      prev,
    });
    const line = JSON.stringify(event);
    prev = leafHash(line);
    lines.push(line);
  }
  return lines;
}
