import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { isControlName } from '@barback/shared/operations/controls.ts';
import { isOpName, operations } from '@barback/shared/operations/index.ts';
import type { JobView } from '@barback/shared/wire/job.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { sha256Hex, signJws, verifyJws, type SigningKey } from '@barback/shared/wire/jws.ts';
import {
  importPublicKey,
  importSigningKey,
  newPrivateJwk,
  publicPart,
  thumbprint,
  type PublicJwk,
} from '@barback/shared/wire/keys.ts';
import { problem, type Problem } from '@barback/shared/wire/problem.ts';
import { receiptType, type Answer, type ReceiptClaims } from '@barback/shared/wire/receipt.ts';
import { tokenClaimsSchema, tokenType, type TokenClaims } from '@barback/shared/wire/token.ts';
import { fakeResults } from './fake-results.ts';
import { selfSigned } from './self-signed.ts';

/** How a job of an operation goes. */
export type Course =
  | { readonly end: 'succeeded'; readonly result?: Json; readonly afterMs?: number }
  | { readonly end: 'failed'; readonly problem: Problem }
  | { readonly end: 'lost'; readonly observed: { is: 'absent' | 'complete' | 'partial'; result?: Json; facts?: Json } }
  /** Runs until it is cancelled or until the test ends it. */
  | { readonly end: 'never' };

export interface FakeJob {
  readonly claims: TokenClaims;
  course: Course;
  view: JobView;
  /** How often a token asked for this job to be done. */
  submissions: number;
}

/** What happens to a receipt on its way: other bytes, or null for a connection that breaks. */
export type Tamper = (
  receipt: string,
  claims: TokenClaims,
  answer: ReceiptClaims,
) => string | null | Promise<string | null>;

export interface FakeAgent {
  readonly id: string;
  readonly url: string;
  readonly certificate: string;
  readonly publicKey: PublicJwk;
  readonly signingKey: SigningKey;
  readonly jobs: ReadonlyMap<string, FakeJob>;
  readonly reads: readonly TokenClaims[];
  fence: { fence: number; plan: string | null };
  liveState: 'running' | 'stopped' | 'unknown';
  /** Microseconds by which its clock is ahead. */
  clockOffset: number;
  tamper: Tamper;
  /** Called before a token is looked at; false makes the connection break, as if the agent were gone. */
  reachable: (claims: TokenClaims) => boolean;
  course: (claims: TokenClaims) => Course | Problem;
  /** A new epoch, as after a restart. */
  restart(): void;
  endJob(opid: string, course: Course): void;
  /** Its record of a job is gone, as after a lost state directory. */
  forget(opid: string): void;
  jobsOf(op: string): FakeJob[];
  close(): Promise<void>;
}

/** An agent behind the wire: real TLS, keys, tokens, receipts, jobs and fence; the work of a job is to end as it is told. */
export async function startFakeAgent(api: { id: string; publicKey: PublicJwk }): Promise<FakeAgent> {
  const { certificate, key } = selfSigned();
  const privateJwk = await newPrivateJwk();
  const signingKey = await importSigningKey(privateJwk);
  const apiKeys = new Map([[await thumbprint(api.publicKey), await importPublicKey(api.publicKey)]]);
  const state = new AgentState();
  const server = createServer({ cert: certificate, key, minVersion: 'TLSv1.3' }, (request, response) => {
    void (async () => {
      const token = await text(request);
      const verified = await verifyJws(token, tokenType, apiKeys);
      const parsed = tokenClaimsSchema.safeParse(verified?.payload);
      if (!parsed.success) return void response.writeHead(401).end('{}');
      const claims = parsed.data;
      if (!state.reachable(claims)) return void request.socket.destroy();
      const answer = await state.answer(claims);
      const receiptClaims: ReceiptClaims = {
        iss: 'fake-agent',
        aud: api.id,
        iat: Math.floor(state.now() / 1_000_000),
        req: claims.jti,
        reqh: sha256Hex(token),
        epoch: state.epoch,
        time: state.now(),
        op: claims.op,
        opid: claims.opid,
        agentVersion: '0.0.0',
        answer,
      };
      const receipt = await signJws(receiptClaims, receiptType, signingKey);
      const job = state.jobs.get(claims.opid);
      if (job && job.view.firstReceipt === null) job.view = { ...job.view, firstReceipt: receipt };
      const sent = await state.tamper(receipt, claims, receiptClaims);
      if (sent === null) return void request.socket.destroy();
      response.writeHead(200, { 'content-type': 'application/jose' }).end(sent);
    })().catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    id: 'fake-agent',
    url: `https://127.0.0.1:${port}`,
    certificate,
    publicKey: publicPart(privateJwk),
    signingKey,
    close: () => closeServer(server, state),
  });
}

async function closeServer(server: Server, state: AgentState): Promise<void> {
  state.closed = true;
  state.notify();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

class AgentState {
  epoch = newEpoch();
  fence: FakeAgent['fence'] = { fence: 0, plan: null };
  liveState: FakeAgent['liveState'] = 'running';
  clockOffset = 0;
  closed = false;
  readonly jobs = new Map<string, FakeJob>();
  readonly reads: TokenClaims[] = [];
  tamper: Tamper = (receipt) => receipt;
  reachable: FakeAgent['reachable'] = () => true;
  course: FakeAgent['course'] = () => ({ end: 'succeeded' });
  private readonly seen = new Set<string>();
  private waiting: (() => void)[] = [];

  now(): number {
    return Date.now() * 1000 + this.clockOffset;
  }

  restart(): void {
    this.epoch = newEpoch();
  }

  notify(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }

  forget(opid: string): void {
    this.jobs.delete(opid);
    this.notify();
  }

  jobsOf(op: string): FakeJob[] {
    return [...this.jobs.values()].filter((job) => job.claims.op === op);
  }

  endJob(opid: string, course: Course): void {
    const job = this.jobs.get(opid);
    if (!job) throw new Error(`there is no job ${opid}`);
    job.course = course;
    const ended = { endedAt: this.now(), state: course.end === 'never' ? ('running' as const) : course.end };
    const result = course.end === 'succeeded' ? (course.result ?? fakeResults(job.claims, this)) : null;
    job.view = { ...job.view, ...ended, result, problem: course.end === 'failed' ? course.problem : null };
    this.notify();
  }

  async answer(claims: TokenClaims): Promise<Answer> {
    const now = this.now() / 1_000_000;
    if (claims.iat > now + 30 || claims.exp < now) return refused('clock-skew', 'look at the time of this receipt');
    if (claims.epoch !== this.epoch) return refused('epoch-mismatch', 'look at the epoch of this receipt');
    if (this.seen.has(claims.jti)) return refused('token-replayed', 'once is enough');
    this.seen.add(claims.jti);
    if (isControlName(claims.op)) return this.control(claims);
    if (!isOpName(claims.op)) return refused('unknown-operation', claims.op);
    operations[claims.op].params.parse(claims.params);
    if (operations[claims.op].class === 'R') {
      this.reads.push(claims);
      const course = this.course(claims);
      if ('type' in course) return { kind: 'problem', problem: course };
      const told = course.end === 'succeeded' ? course.result : undefined;
      return { kind: 'result', result: told ?? fakeResults(claims, this) };
    }
    return this.accept(claims);
  }

  private accept(claims: TokenClaims): Answer {
    const known = this.jobs.get(claims.opid);
    if (known) {
      known.submissions += 1;
      return { kind: 'job', job: known.view };
    }
    if (claims.fence !== this.fence.fence || claims.plan !== this.fence.plan) {
      return refused('fence-stale', `the fence is ${this.fence.fence}`);
    }
    const course = this.course(claims);
    if ('type' in course) return { kind: 'problem', problem: course };
    const at = this.now();
    const view: JobView = {
      opid: claims.opid,
      op: claims.op,
      state: 'running',
      progress: null,
      result: null,
      problem: null,
      acceptedAt: at,
      startedAt: at,
      endedAt: null,
      firstReceipt: null,
    };
    this.jobs.set(claims.opid, { claims, course, view, submissions: 1 });
    const afterMs = course.end === 'succeeded' ? (course.afterMs ?? 0) : 0;
    if (course.end !== 'never' && afterMs === 0) this.endJob(claims.opid, course);
    if (afterMs > 0) setTimeout(() => this.endJob(claims.opid, course), afterMs).unref();
    return { kind: 'job', job: this.jobs.get(claims.opid)?.view ?? view };
  }

  private async control({ op, params }: TokenClaims): Promise<Answer> {
    const asked = params as { opid: string; waitMs: number; plan: string; expect: number };
    if (op === 'server-claim') return this.claim(asked);
    const job = this.jobs.get(asked.opid);
    if (!job) return refused('no-such-job', asked.opid);
    if (op === 'job-observe') {
      if (job.course.end !== 'lost') return refused('internal', 'the job is not lost');
      const { is, result = null, facts = null } = job.course.observed;
      return { kind: 'result', result: { is, result, facts } };
    }
    if (op === 'job-cancel' && job.view.state === 'running') {
      job.view = { ...job.view, state: 'cancelled', endedAt: this.now() };
    }
    const until = Date.now() + (op === 'job-status' ? asked.waitMs : 0);
    while (job.view.state === 'running' && Date.now() < until && !this.closed && this.jobs.has(asked.opid)) {
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
        setTimeout(resolve, Math.min(200, until - Date.now())).unref();
      });
    }
    if (!this.jobs.has(asked.opid)) return refused('no-such-job', asked.opid);
    return { kind: 'job', job: job.view };
  }

  private claim({ plan, expect }: { plan: string; expect: number }): Answer {
    if (this.fence.plan !== plan) {
      if (this.fence.fence !== expect) return refused('fence-stale', `the fence is ${this.fence.fence}`);
      this.fence = { fence: expect + 1, plan };
    }
    return { kind: 'result', result: { fence: this.fence.fence } };
  }
}

function refused(type: Parameters<typeof problem>[0], detail: string): Answer {
  return { kind: 'problem', problem: problem(type, detail) };
}

function newEpoch(): string {
  return randomBytes(16).toString('base64url');
}
