import { startRun } from '@barback/api/engine/start-run.ts';
import { loadRun } from '@barback/api/engine/load-run.ts';
import { recordOutcome } from '@barback/api/engine/record.ts';
import { servers } from '@barback/api/db/schema.ts';
import { write } from '@barback/api/db/write.ts';
import { importSigningKey, newPrivateJwk } from '@barback/shared/wire/keys.ts';
import { signJws } from '@barback/shared/wire/jws.ts';
import { receiptType } from '@barback/shared/wire/receipt.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { auditOf, openRig, operator, until, type Rig } from '../support/engine-rig.ts';
import { leaseStep, verifyStep } from '../support/engine-steps.ts';
import type { Tamper } from '../support/fake-agent.ts';
import { selfSigned } from '../support/self-signed.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(async () => {
  await rig.close();
});

function begin(): string {
  const engine = rig.engine();
  engine.start();
  return startRun(engine.deps, { planId: rig.plan([leaseStep, verifyStep]), actor: operator }).run.id;
}

describe('an answer that the agent did not give to this very request', () => {
  const forge = async (change: object, rewrite?: object): Promise<Tamper> => {
    const stranger = await importSigningKey(await newPrivateJwk());
    return (_receipt, _claims, answer) =>
      signJws(
        { ...answer, ...rewrite },
        receiptType,
        Object.keys(change).length > 0 ? { ...stranger, ...change } : stranger,
      );
  };
  let earlier = '';
  const tampers: [string, () => Promise<Tamper>][] = [
    ['none at all', () => Promise.resolve(() => null)],
    ['an empty body', () => Promise.resolve(() => '')],
    ['plain JSON that says it worked', () => Promise.resolve(() => '{"kind":"job","job":{"state":"succeeded"}}')],
    ['a receipt signed by a stranger', () => forge({})],
    ['a receipt signed by a stranger under the name of the agent key', () => forge({ kid: rig.agent.signingKey.kid })],
    ['a receipt of an earlier request', () => Promise.resolve(() => earlier)],
    [
      'a receipt whose signature was cut',
      () => Promise.resolve((receipt) => `${receipt.slice(0, -4)}${receipt.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`),
    ],
    ...(['iss', 'aud', 'req', 'reqh', 'op', 'opid'] as const).map((claim): [string, () => Promise<Tamper>] => [
      `a receipt with another ${claim}`,
      () => forge(rig.agent.signingKey, { [claim]: claim === 'reqh' ? '0'.repeat(64) : 'else' }),
    ]),
  ];

  test.each(tampers)('is worth nothing: %s', async (_, tamperOf) => {
    const tamper = await tamperOf();
    let untouched = 3;
    rig.agent.tamper = (receipt, claims, answer) => {
      if (claims.op === 'server-claim') earlier = receipt;
      return claims.op === 'backup-lease' || (claims.op === 'job-status' && untouched-- > 0)
        ? tamper(receipt, claims, answer)
        : receipt;
    };
    const id = begin();
    const stuck = await until(
      () => rig.view(id),
      (run) => run.steps[0]?.error != null,
    );
    expect(stuck.steps[0]).toMatchObject({ state: 'running', result: null });
    expect(auditOf(rig).some((event) => event.type === 'step.succeeded')).toBe(false);
    rig.agent.tamper = (receipt) => receipt;
    expect(await rig.until(id, 'succeeded', 'failed')).toMatchObject({ state: 'succeeded' });
    expect(rig.agent.jobsOf('backup-lease')).toHaveLength(1);
  });

  test('is in the audit log when somebody vouched for it who may not', async () => {
    rig.agent.tamper = await forge({});
    begin();
    const refused = await until(
      () => auditOf(rig).find((event) => event.type === 'agent.receipt-refused'),
      (event) => event !== undefined,
    );
    expect(refused?.data).toMatchObject({ reason: expect.stringContaining('signature') as unknown });
  });
});

describe('an agent', () => {
  test('with another certificate than the enrolled one hears nothing', async () => {
    const { certificate } = selfSigned();
    write(rig.database, (tx) => tx.update(servers).set({ certificate }).run());
    const id = begin();
    const stuck = await until(
      () => rig.view(id),
      (run) => run.steps[0]?.error != null,
    );
    expect(stuck.steps[0]?.error?.type).toBe('urn:barback:problem:agent-unreachable');
    expect(rig.agent.reads).toHaveLength(0);
    expect(rig.agent.jobs.size).toBe(0);
  });

  test('whose clock is an hour off is asked in its own time, and reported once', async () => {
    rig.agent.clockOffset = 3_600_000_000;
    const id = begin();
    await rig.until(id, 'succeeded');
    const reports = auditOf(rig).filter((event) => event.type === 'agent.clock-offset');
    expect(reports).toHaveLength(1);
    const { offsetMicros } = (reports[0]?.data ?? {}) as { offsetMicros?: number };
    expect((offsetMicros ?? 0) / 1e9).toBeCloseTo(3.6, 1);
  });

  test('that was restarted in between is asked again with its new epoch and the same opid', async () => {
    rig.agent.tamper = (receipt, { op }) => {
      if (op === 'backup-lease') rig.agent.restart();
      return receipt;
    };
    const id = begin();
    await rig.until(id, 'succeeded');
    expect(rig.agent.jobsOf('backup-lease')).toHaveLength(1);
    expect(rig.agent.jobsOf('scratch-verify-manifest')).toHaveLength(1);
  });
});

test('an outcome that is recorded stays, whoever comes late', async () => {
  const engine = rig.engine();
  engine.start();
  const { id } = startRun(engine.deps, { planId: rig.plan([leaseStep]), actor: operator }).run;
  await rig.until(id, 'succeeded');
  const run = loadRun(rig.database.orm, id);
  const [attempt] = run.attempts;
  if (!attempt) throw new Error('there is no attempt');
  const before = auditOf(rig).length;
  const outcomes = [
    { is: 'cancelled' as const },
    { is: 'unknown' as const, problem: { type: 'urn:barback:problem:internal', title: '', status: 500, detail: '' } },
  ];
  expect(outcomes.map((outcome) => recordOutcome(engine.deps, run, { attempt, outcome, evidence: null }))).toEqual([
    false,
    false,
  ]);
  expect(loadRun(rig.database.orm, id).attempts).toEqual(run.attempts);
  expect(auditOf(rig)).toHaveLength(before);
});
