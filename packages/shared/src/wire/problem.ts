import { z } from 'zod';
import { jsonSchema } from './json.ts';

/** Every failure that Barback reports: the closed table behind `application/problem+json` (RFC 9457). */
export const problemTypes = {
  'invalid-token': { status: 401, title: 'The request is not authenticated' },
  'clock-skew': { status: 401, title: 'The token lies outside the clock window' },
  'epoch-mismatch': { status: 401, title: 'The token was made before the agent restarted' },
  'token-replayed': { status: 401, title: 'The token has been used before' },
  forbidden: { status: 403, title: 'The key does not have the role' },
  'approval-required': { status: 403, title: 'The plan lacks an approval' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'backup-not-found': { status: 404, title: 'Barman has no such backup' },
  'method-not-allowed': { status: 405, title: 'The method does not exist here' },
  'not-acceptable': { status: 406, title: 'No representation fits the Accept header' },
  'operation-conflict': { status: 409, title: 'The operation id was used for another request' },
  'fence-stale': { status: 409, title: 'Another plan holds the server' },
  'server-busy': { status: 409, title: 'Another run works on the server' },
  'plan-expired': { status: 409, title: 'The plan has expired' },
  'plan-void': { status: 409, title: 'The server is not as it was when the plan was made' },
  'plan-blocked': { status: 409, title: 'The plan has blocking findings' },
  'plan-outdated': { status: 409, title: 'The plan was made by an earlier version' },
  'slot-in-use': { status: 409, title: 'The replication slot is in use' },
  'nothing-kept': { status: 409, title: 'Nothing is kept that could be put back' },
  'agent-replaced': { status: 409, title: 'Another agent has the server' },
  'fence-incomplete': { status: 409, title: 'Somebody could not be kept out of the live database' },
  'run-terminal': { status: 409, title: 'The run has ended' },
  'smoke-failed': { status: 502, title: 'A smoke check failed' },
  'copy-not-open': { status: 409, title: 'The run has no copy that can be asked' },
  'gate-closed': { status: 409, title: 'The gate is not waiting' },
  'scratch-exists': { status: 409, title: 'The scratch directory exists already' },
  'quiet-hours': { status: 409, title: 'The server is not to be disturbed now' },
  'schedule-exists': { status: 409, title: 'The server has a schedule of this name' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key was used for another request' },
  'plan-changed': { status: 412, title: 'The plan is not the one that was named' },
  'payload-too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is not JSON' },
  'malformed-json': { status: 400, title: 'The body is not valid JSON' },
  'validation-failed': { status: 422, title: 'The request does not fit its schema' },
  'unknown-operation': { status: 422, title: 'The operation is not on the whitelist' },
  'unknown-server': { status: 404, title: 'The agent does not know the server' },
  'target-unreachable': { status: 422, title: 'The target cannot be reached' },
  'target-ambiguous': { status: 409, title: 'The target exists on several branches' },
  'index-behind': { status: 503, title: 'The index has not read that far yet' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Barback has a defect' },
  'agent-unreachable': { status: 503, title: 'The agent does not answer' },
  'bad-agent-response': { status: 502, title: 'The answer is not a receipt of the agent' },
  'unsupported-version': { status: 422, title: 'The version is not supported' },
  'unsupported-backup': { status: 422, title: 'The backup is of a kind that is not supported' },
  'barman-failed': { status: 502, title: 'Barman failed' },
  'barman-output-unknown': { status: 502, title: 'Barman printed something that is not known' },
  'postgres-failed': { status: 502, title: 'PostgreSQL failed' },
  'manifest-mismatch': { status: 422, title: 'The restored files differ from the backup manifest' },
  'wal-missing': { status: 422, title: 'A WAL file that the target needs is missing' },
  'tablespace-created': { status: 422, title: 'A tablespace was created in the WAL to be replayed' },
  'target-not-reached': { status: 422, title: 'Recovery ended before the target' },
  'stopped-elsewhere': { status: 502, title: 'Recovery stopped at another place than planned' },
  'recovery-failed': { status: 502, title: 'Recovery failed' },
  'extract-refused': { status: 422, title: 'The tables cannot be extracted as asked' },
  'import-refused': { status: 422, title: 'The import cannot be done as asked' },
  'import-failed': { status: 502, title: 'The source could not be dumped or loaded' },
  'import-differs': { status: 422, title: 'What was loaded is not what the source held' },
  'source-unreachable': { status: 503, title: 'The source of the import does not answer' },
  'database-changed': { status: 409, title: 'A database is not the one that was planned with' },
  'database-in-use': { status: 409, title: 'Somebody could not be kept out of a database' },
  'provision-refused': { status: 422, title: 'The host cannot be provisioned as asked' },
  'provision-failed': { status: 502, title: 'Terraform failed' },
  'provision-locked': { status: 409, title: 'Somebody else works on the state of Terraform' },
  'provision-changed': { status: 409, title: 'What Terraform would do is not what was planned' },
  'not-enrolled': { status: 504, title: 'No new agent has enrolled' },
  'probe-refused': { status: 422, title: 'The probe is not one read-only query' },
  'probe-failed': { status: 422, title: 'A probe failed' },
  'comparison-failed': { status: 422, title: 'The restored data is outside the bounds' },
  'amcheck-failed': { status: 422, title: 'The restored relations are damaged' },
  'insufficient-space': { status: 507, title: 'There is not enough room' },
  'location-unsafe': { status: 409, title: 'The path is not what the configuration says' },
  'application-refused': { status: 409, title: 'The application cannot be stopped as it is' },
  'application-failed': { status: 502, title: 'The application did not stop or start' },
  'application-unreachable': { status: 503, title: 'What stops and starts the application does not answer' },
  'secret-unusable': { status: 503, title: 'A secret of the configuration cannot be used' },
  'mirror-unreachable': { status: 503, title: 'The box of the mirror does not answer' },
  'mirror-refused': { status: 502, title: 'The box of the mirror is not as the configuration says' },
  'mirror-failed': { status: 502, title: 'The mirror could not be brought up to date' },
  'mirror-damaged': { status: 422, title: 'The mirror is damaged' },
  'no-mirror': { status: 409, title: 'The server has no mirror' },
  'time-limit': { status: 504, title: 'The time limit was reached' },
  cancelled: { status: 409, title: 'The job was cancelled' },
  'job-lost': { status: 502, title: 'The job ended without a result' },
  'no-such-job': { status: 404, title: 'The agent has no such job' },
  'agent-unavailable': { status: 503, title: 'The agent cannot take work now' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemType = keyof typeof problemTypes;

const prefix = 'urn:barback:problem:';

/** RFC 9457, with `next` (what to do now) and `facts` (machine-readable details). */
export const problemSchema = z
  .strictObject({
    type: z.string().regex(/^urn:barback:problem:[a-z-]+$/),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    next: z.string().optional(),
    instance: z.string().optional(),
    facts: z.record(z.string(), jsonSchema).optional(),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof problemSchema>;

/** The problem of a type; `detail` says what happened with concrete values, `next` what the caller can do. */
export function problem(
  type: ProblemType,
  detail: string,
  more: Partial<Pick<Problem, 'next' | 'instance' | 'facts'>> = {},
): Problem {
  const { status, title } = problemTypes[type];
  return { type: prefix + type, title, status, detail, ...more };
}

/** The slug of a problem's type URI; undefined when it is not of this table. */
export function problemTypeOf(value: Pick<Problem, 'type'>): ProblemType | undefined {
  const slug = value.type.slice(prefix.length);
  return Object.hasOwn(problemTypes, slug) ? (slug as ProblemType) : undefined;
}

/** An Error that carries the problem to report; the only way a failure leaves a function on purpose. */
export class ProblemError extends Error {
  readonly problem: Problem;
  constructor(type: ProblemType, detail: string, more: Partial<Pick<Problem, 'next' | 'instance' | 'facts'>> = {}) {
    super(detail);
    this.name = 'ProblemError';
    this.problem = problem(type, detail, more);
  }
}
