import { probeResultSchema, probeSchema } from '@barback/shared/operations/scratch-probe.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import type { EngineDeps } from '../engine/engine-deps.ts';
import { loadRun } from '../engine/load-run.ts';
import type { RunView } from '../engine/run-view.ts';

/** Its text with the database, or the name of a probe that is configured on the host. */
export const probeQuestionSchema = z
  .union([
    z.strictObject({
      database: probeSchema.shape.database,
      sql: probeSchema.shape.sql,
      statementTimeoutMs: z.int().min(100).max(60_000).default(20_000),
    }),
    z.strictObject({
      name: probeSchema.shape.name,
      statementTimeoutMs: z.int().min(100).max(60_000).default(20_000),
    }),
  ])
  .meta({ id: 'ProbeQuestion' });

export const probeAnswerSchema = z
  .strictObject({
    run: z.string(),
    /** Whether the copy is still paused at the target: what the undone transaction locked stays locked. */
    paused: z.boolean(),
    answer: probeResultSchema,
  })
  .meta({ id: 'ProbeAnswer' });

export type ProbeAnswer = z.infer<typeof probeAnswerSchema>;
type Question = z.output<typeof probeQuestionSchema>;

/** Asks the copy while a gate holds it. Throws ProblemError. */
export async function probeCopy(
  { agents, database }: EngineDeps,
  run: RunView,
  { question, sub }: { readonly question: Question; readonly sub: string },
): Promise<ProbeAnswer> {
  if (run.gate === null) {
    throw new ProblemError('copy-not-open', `run ${run.id} is ${run.state} and waits at no gate`, {
      next: 'Plan with "inspect": "paused" or "promoted" in the options, and ask while the run waits.',
    });
  }
  const agent = agents.client(run.server);
  const signal = AbortSignal.timeout(180_000);
  const probe = 'sql' in question ? { name: 'question', ...pick(question) } : await configured(run, question.name);
  const params = { server: run.server, probe, statementTimeoutMs: question.statementTimeoutMs };
  const { result } = await agent.call('scratch-query', params, { sub, plan: run.planId, run: run.id, signal });
  if (result.answer === null) throw roleMissing(run);
  return { run: run.id, paused: result.inRecovery, answer: result.answer };

  async function configured({ id }: RunView, name: string) {
    const steps = loadRun(database.orm, id).plan.steps;
    const asked = steps.flatMap(({ action }) =>
      action.on === 'agent' && action.op === 'scratch-probe' ? action.params.probes : [],
    );
    const found = asked.find((one) => one.name === name);
    if (found) return found;
    throw new ProblemError('not-found', `the plan of run ${id} has no probe ${name}`, {
      next: `It has ${[...new Set(asked.map((one) => one.name))].join(', ') || 'none'}; or send "database" and "sql".`,
    });
  }
}

function pick({ database, sql }: Extract<Question, { sql: string }>) {
  return { database, sql };
}

function roleMissing({ id }: RunView): ProblemError {
  return new ProblemError('copy-not-open', `the copy of run ${id} is paused and lacks the role that questions run as`, {
    next: 'Make the role on live before the next backup (see docs/install.md), or plan with "inspect": "promoted", where the role is made in the copy.',
  });
}
