import type { Result } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { standbyImport } from '../scenarios/standby-import.ts';
import type { Step } from '../scenarios/step.ts';
import { applicationsOf, smokeOf, sqlSmokeOf } from './applications-of.ts';
import { extensionsOf, importFindings } from './findings/import-rules.ts';
import { identityRules } from './findings/live-rules.ts';
import { inOrder } from './findings/order.ts';
import { standbyImportPlanSchema, type Predictions, type StandbyImportPlan } from './plan-document.ts';
import { planFrame, type FrameInput } from './plan-frame.ts';
import type { StandbyImportRequest } from './plan-request.ts';
import { simplePredictions } from './predict.ts';
import { outageSeconds } from './predict-outage.ts';
import { clusterBytesOf } from './protection-of.ts';

export interface StandbyImportInput extends FrameInput {
  readonly request: StandbyImportRequest;
  readonly host: Result<'host-facts'>;
  readonly look: Result<'import-look'>;
}

/** The plan that replaces a database with the contents of one elsewhere. Pure; throws ProblemError where live takes no writes. */
export function makeStandbyImportPlan(input: StandbyImportInput): StandbyImportPlan {
  const { request, host, look, settings } = input;
  const { server, options } = request;
  const { source, into, validUntil } = look;
  if (host.live === null) throw refused('live does not answer', 'Start it');
  if (host.live.inRecovery) throw refused('live is a standby', 'Ask the server that takes writes');
  const list = applicationsOf(server, settings);
  const clusterBytes = clusterBytesOf(host);
  // Blocked where there is none: such a plan is shown and never started.
  const oid = into.oid ?? 0;
  const steps = standbyImport.steps(options, {
    server,
    database: into.database,
    oid,
    extensions: extensionsOf(look).made,
    plainSha256: source.plain?.sha256 ?? null,
    applications: { list, start: options.applicationStart, caution: null },
    smoke: smokeOf(settings),
    configuredProbes: [...host.probes, ...sqlSmokeOf(settings)],
    systemIdentifier: host.live.systemIdentifier,
    clusterBytes,
  });
  const { host: address, port, database, role, version, sizeBytes, tables, plain } = source;
  return standbyImportPlanSchema.parse({
    ...planFrame(input, request, host),
    findings: inOrder([
      ...identityRules.flatMap((rule) => rule(input) ?? []),
      ...importFindings({ options, look, host, now: input.createdAt }),
    ]),
    predictions: predictions(input, steps, clusterBytes),
    postgresVersionNum: host.live.versionNum,
    import: options.import,
    source: { host: address, port, database, role, version, sizeBytes, tables, sha256: plain?.sha256 ?? null },
    validUntil,
    into: { database: into.database, oid, sizeBytes: into.sizeBytes, role: into.role },
    applications: list.map((one) => one.name),
    steps,
  });
}

/** What the load writes, WAL has once more. */
function predictions(
  { look: { source }, measures }: StandbyImportInput,
  steps: readonly Step[],
  clusterBytes: number | null,
): Predictions {
  const amounts: Readonly<Record<string, number | null>> = {
    dump: source.sizeBytes,
    load: source.sizeBytes,
    backup: clusterBytes === null ? null : clusterBytes + source.sizeBytes,
  };
  const named = steps.map(({ name }) => ({ step: name, bytes: amounts[name] ?? null }));
  const simple = simplePredictions(named, measures, standbyImport.undo);
  return {
    ...simple,
    scratchBytes: Math.ceil(source.sizeBytes * 2.2),
    walBytes: source.sizeBytes,
    outageSeconds: outageSeconds(simple.steps, steps),
  };
}

function refused(why: string, what: string): ProblemError {
  return new ProblemError('import-refused', `cannot import: ${why}`, {
    next: `${what}: what is imported is loaded into live, beside the database that is replaced.`,
  });
}
