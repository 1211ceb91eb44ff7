import { ProblemError } from '@barback/shared/wire/problem.ts';
import { extract } from '../scenarios/extract.ts';
import { copyFacts } from './copy-facts.ts';
import { basisOfCopy, copyPlan, type CopyPlanInput } from './copy-plan.ts';
import { extractPlanSchema, type ExtractPlan } from './plan-document.ts';
import type { ExtractRequest } from './plan-request.ts';

export interface ExtractInput extends CopyPlanInput {
  readonly request: ExtractRequest;
}

/** The plan of an extract. Pure; throws ProblemError for what cannot be loaded anywhere. */
export function makeExtractPlan(input: ExtractInput): ExtractPlan {
  const { request, gathered, course } = input;
  const { options, server } = request;
  const { live } = gathered.host;
  if (options.into && live === null) throw refused('live does not answer', 'Leave "into" out, or start live.');
  const databases = live?.databases.map((one) => one.name);
  if (options.into && databases && !databases.includes(options.database)) {
    throw refused(`live has no database ${options.database}`, 'Leave "into" out: the dump alone needs none.');
  }
  const steps = extract.steps(options, { ...copyFacts(server, gathered, course), basis: basisOfCopy(input) });
  return extractPlanSchema.parse({
    ...copyPlan(input, steps),
    database: options.database,
    tables: options.tables,
    into: options.into?.schema ?? null,
  });
}

function refused(detail: string, next: string): ProblemError {
  return new ProblemError('extract-refused', `cannot load the tables: ${detail}`, { next });
}
