import type { KeptDatabase } from '@barback/shared/operations/database.ts';
import type { Result } from '@barback/shared/operations/index.ts';
import { importAccept } from '../scenarios/import-accept.ts';
import { importUndo } from '../scenarios/import-undo.ts';
import { applicationsOf, smokeOf, sqlSmokeOf } from './applications-of.ts';
import { identityRules } from './findings/live-rules.ts';
import { inOrder } from './findings/order.ts';
import {
  importAcceptPlanSchema,
  importUndoPlanSchema,
  type ImportAcceptPlan,
  type ImportUndoPlan,
} from './plan-document.ts';
import { planFrame, type FrameInput } from './plan-frame.ts';
import type { ImportAcceptRequest, ImportUndoRequest } from './plan-request.ts';
import { simplePredictions } from './predict.ts';
import { outageSeconds } from './predict-outage.ts';

interface OfKept extends FrameInput {
  readonly host: Result<'host-facts'>;
  readonly kept: KeptDatabase;
}

export interface ImportUndoInput extends OfKept {
  readonly request: ImportUndoRequest;
  /** Oid of the database that has the name now. */
  readonly occupant: number;
}

/** The plan that gives a replaced database its name back. Pure. */
export function makeImportUndoPlan(input: ImportUndoInput): ImportUndoPlan {
  const { request, host, kept, occupant, settings } = input;
  const { server, options, run } = request;
  const list = applicationsOf(server, settings);
  const steps = importUndo.steps(options, {
    server,
    kept,
    occupant,
    applications: { list, start: options.applicationStart, caution: null },
    smoke: smokeOf(settings),
    configuredProbes: [...host.probes, ...sqlSmokeOf(settings)],
    systemIdentifier: host.live?.systemIdentifier ?? null,
  });
  const named = steps.map(({ name }) => ({ step: name, bytes: null }));
  const simple = simplePredictions(named, input.measures, importUndo.undo);
  return importUndoPlanSchema.parse({
    ...frameOf(input),
    predictions: { ...simple, outageSeconds: outageSeconds(simple.steps, steps) },
    undoes: run,
    applications: list.map((one) => one.name),
    steps,
  });
}

export interface ImportAcceptInput extends OfKept {
  readonly request: ImportAcceptRequest;
}

/** The plan that drops a replaced database. Pure. */
export function makeImportAcceptPlan(input: ImportAcceptInput): ImportAcceptPlan {
  const { request, kept } = input;
  const steps = importAccept.steps(request.options, { server: request.server, kept });
  const named = steps.map(({ name }) => ({ step: name, bytes: null }));
  return importAcceptPlanSchema.parse({
    ...frameOf(input),
    predictions: simplePredictions(named, input.measures, importAccept.undo),
    accepts: request.run,
    steps,
  });
}

function frameOf(input: ImportUndoInput | ImportAcceptInput) {
  const { request, host, kept } = input;
  return {
    ...planFrame(input, request, host),
    findings: inOrder(identityRules.flatMap((rule) => rule(input) ?? [])),
    postgresVersionNum: host.live?.versionNum ?? null,
    kept,
  };
}
