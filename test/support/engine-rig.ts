import { patient } from '../lab/patience.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { proverOf, type Prove } from '@barback/api/agents/prove-agent.ts';
import { createAgentDirectory } from '@barback/api/agents/agent-directory.ts';
import type { AgentDirectory } from '@barback/api/agents/agent-client.ts';
import { exportEvents } from '@barback/api/audit/export-events.ts';
import { systemClock } from '@barback/api/clock.ts';
import type { Database } from '@barback/api/db/database.ts';
import { openDatabase, type OpenOptions } from '@barback/api/db/open-database.ts';
import { documents, plans, servers } from '@barback/api/db/schema.ts';
import { write } from '@barback/api/db/write.ts';
import { noOutside } from '@barback/api/engine/testing/no-outside.ts';
import { createEngine, type Engine } from '@barback/api/engine/engine.ts';
import { loadRunView } from '@barback/api/engine/load-run-view.ts';
import type { RunView } from '@barback/api/engine/run-view.ts';
import { planFormat, type DrillPlan } from '@barback/api/planner/plan-document.ts';
import type { Step } from '@barback/api/scenarios/step.ts';
import { eventSchema, type AuditEvent } from '@barback/shared/audit/event.ts';
import { verifyAudit } from '@barback/shared/audit/verify.ts';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { newId } from '@barback/shared/wire/identifiers.ts';
import { sha256Hex } from '@barback/shared/wire/jws.ts';
import { importSigningKey, newPrivateJwk, publicPart, type PrivateJwk } from '@barback/shared/wire/keys.ts';
import { startFakeAgent, type FakeAgent } from './fake-agent.ts';
import { fakeWalFacts } from './fake-wal.ts';

export const instanceId = 'test-api';
export const server = 'main';
export const operator = { kind: 'key', id: 'operator-key' } as const;

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A private directory with a database that knows one agent; engines come and go over it. */
export interface Rig {
  readonly directory: string;
  readonly databasePath: string;
  readonly privateJwk: PrivateJwk;
  readonly agent: FakeAgent;
  readonly database: Database;
  /** Stores a plan of these steps; answers its id. */
  plan(steps: readonly Step[], more?: Partial<DrillPlan>): string;
  engine(): Engine;
  /** As the api asks an agent that wants to be enrolled. */
  readonly prove: Prove;
  view(runId: string): RunView;
  /** Resolves when the run is in one of the states. */
  until(runId: string, ...states: RunView['state'][]): Promise<RunView>;
  close(): Promise<void>;
}

export async function openRig(options: Partial<OpenOptions> = {}): Promise<Rig> {
  const directory = await mkdtemp(join(tmpdir(), 'barback-engine-'));
  const privateJwk = await newPrivateJwk();
  const agent = await startFakeAgent({ id: instanceId, publicKey: publicPart(privateJwk) });
  const databasePath = join(directory, 'api.db');
  const database = openDatabase({ path: databasePath, clock: systemClock, ...options });
  enrol(database, agent);
  const opened: (() => Promise<void>)[] = [];
  const signingKey = await importSigningKey(privateJwk);
  const view = (runId: string): RunView => loadRunView(database.orm, runId);
  return {
    directory,
    databasePath,
    privateJwk,
    agent,
    database,
    plan: (steps, more) => storePlan(database, steps, more),
    engine() {
      const agents = createAgentDirectory({ database, clock: systemClock, instanceId, signingKey });
      const engine = engineOver(database, agents);
      opened.push(async () => {
        await engine.stop();
        await agents.close();
      });
      return engine;
    },
    prove: proverOf({ instanceId, signingKey, clock: systemClock }),
    view,
    until: (runId, ...states) =>
      until(
        () => view(runId),
        (run) => states.includes(run.state),
      ),
    async close() {
      for (const end of opened) await end();
      database.close();
      await agent.close();
      await rm(directory, { recursive: true });
    },
  };
}

export function engineOver(database: Database, agents: AgentDirectory): Engine {
  return createEngine({ database, agents, clock: systemClock, instanceId, log: quiet, outside: noOutside });
}

/** Every event, after the chain has been verified. */
export function auditOf({ database }: Pick<Rig, 'database'>): AuditEvent[] {
  const lines = [...exportEvents(database)].map((line) => line.trimEnd());
  const verdict = verifyAudit(lines);
  if (!verdict.ok) throw new Error(`the audit log does not verify: line ${verdict.line}: ${verdict.reason}`);
  return lines.map((line) => eventSchema.parse(JSON.parse(line)));
}

/** Looks again and again; throws with the last value when the condition has not come true in time. */
export async function until<T>(look: () => T, holds: (value: T) => boolean, limitMs = 15_000): Promise<T> {
  const end = Date.now() + patient(limitMs);
  for (;;) {
    const value = look();
    if (holds(value)) return value;
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain; last seen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function enrol(database: Database, agent: FakeAgent): void {
  const { url: agentUrl, id: agentId, certificate } = agent;
  const agentKey = JSON.stringify(agent.publicKey);
  const row = { name: server, agentUrl, agentId, agentKey, certificate, settings: '{}', createdAt: systemClock.now() };
  write(database, (tx) => tx.insert(servers).values(row).run());
}

function storePlan(database: Database, steps: readonly Step[], more: Partial<DrillPlan> = {}): string {
  const now = systemClock.now();
  const id = newId(Math.floor(now / 1000));
  const expiresAt = now + 3_600_000_000;
  const document: DrillPlan = {
    format: planFormat,
    id,
    server,
    agent: 'fake-agent',
    scenario: 'drill',
    createdBy: 'operator-key',
    createdAt: formatInstant(now),
    expiresAt: formatInstant(expiresAt),
    target: { type: 'latest' },
    timeline: 1,
    options: {},
    findings: [],
    stop: null,
    basis,
    predictions: {
      scratchBytes: 1,
      walBytes: null,
      seconds: null,
      steps: [],
      outageSeconds: 0,
      lost: null,
      undo: '',
    },
    approvalsRequired: 0,
    systemIdentifier: null,
    postgresVersionNum: null,
    barmanVersion: '3.4.0',
    backup,
    settings: {
      rtoSeconds: null,
      rpoSeconds: null,
      rowLossPercentMax: null,
      tablesMin: null,
      keepDays: 7,
      diskFreePercentMin: 15,
      drillDays: 35,
      backupDays: 8,
      mirrorHours: null,
      slotRetainedMbMax: 10_240,
      approvals: {},
      applications: [],
      smoke: [],
    },
    steps: [...steps],
    ...more,
  };
  const bytes = Buffer.from(JSON.stringify(document));
  const hash = sha256Hex(bytes);
  write(database, (tx) => {
    tx.insert(documents).values({ sha256: hash, kind: 'plan', bytes }).run();
    const row = {
      id,
      hash,
      server: document.server,
      scenario: document.scenario,
      createdAt: now,
      expiresAt,
      createdBy: 'operator-key',
    };
    tx.insert(plans).values(row).run();
  });
  return id;
}

export const backup: DrillPlan['backup'] = {
  id: '20261122T120000',
  status: 'DONE',
  beginTime: 1,
  endTime: 2,
  timeline: 1,
  beginLsn: '0/1',
  endLsn: '0/2',
  beginWal: null,
  endWal: null,
  sizeBytes: 1000,
  postgresVersionNum: 150_020,
  tablespaces: [],
  retention: '-',
  manifest: 'present',
  systemIdentifier: null,
  unsupportedReasons: [],
};

export const basis: NonNullable<DrillPlan['basis']> = {
  systemIdentifier: null,
  timeline: null,
  backup: { id: backup.id, status: backup.status, endLsn: backup.endLsn },
  segmentBytes: fakeWalFacts.segmentBytes,
  wal: [{ first: '000000010000000000000002', last: '000000010000000000000005' }],
};
