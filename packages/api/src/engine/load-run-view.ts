import { and, eq, isNull } from 'drizzle-orm';
import type { Reader } from '../db/database.ts';
import { gates } from '../db/schema.ts';
import { composeRunView, type OpenGate } from './compose-run-view.ts';
import { loadRun } from './load-run.ts';
import type { RunView } from './run-view.ts';

/** The run as the REST interface shows it. Throws ProblemError `not-found`. */
export function loadRunView(reader: Reader, runId: string): RunView {
  return composeRunView(loadRun(reader, runId), openGateOf(reader, runId));
}

function openGateOf(reader: Reader, runId: string): OpenGate | null {
  const { name, openedAt, deadline } = gates;
  const open = and(eq(gates.run, runId), isNull(gates.decidedAt));
  return reader.select({ name, openedAt, deadline }).from(gates).where(open).get() ?? null;
}
