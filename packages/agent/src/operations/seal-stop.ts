import { operations } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { kindOf } from '../system/directory-tree.ts';
import { readControlData } from './control-data.ts';
import { copyProcess, stopCleanly } from './copy-process.ts';
import { copyServer, sqlProgram } from './copy-sql.ts';
import { executeOk } from './execute.ts';
import type { Call, Host } from './handler.ts';
import { copyState } from './scratch-promote.ts';
import { scratchUser, type ScratchPlace } from './scratch-place.ts';
import type { Sealing } from './sealed-record.ts';

const { limitMs } = operations['scratch-seal'];

/** Checkpoint and clean stop of the promoted copy, proven by its pg_control; one that stopped cleanly before is taken as it is. */
export async function stopPromoted(host: Host, place: ScratchPlace, call: Call): Promise<Sealing['control']> {
  const running = await copyProcess(place);
  if (running) {
    if ((await copyState(host, place, call)).inRecovery) throw notPromoted(place);
    call.progress('checkpoint', 0, null);
    const limits = { statementTimeoutMs: limitMs, lockTimeoutMs: limitMs, timeoutMs: limitMs };
    await executeOk(sqlProgram(copyServer(host, place), 'CHECKPOINT;', limits), call.signal, 'postgres-failed');
    call.progress('stop', 0, null);
    await stopCleanly(running, place.plan, call.signal);
  }
  if ((await kindOf(`${place.pgdata}/recovery.signal`)) !== 'absent') throw notPromoted(place);
  const control = await readControlData(host, place.pgdata, scratchUser(host), call.signal);
  if (control.state === 'shut down') {
    const { systemIdentifier, timeline, checkpointLsn } = control;
    return { systemIdentifier, timeline, checkpointLsn };
  }
  throw new ProblemError(
    'postgres-failed',
    `the copy of plan ${place.plan} was not shut down cleanly: ${control.state}`,
    {
      next: 'discard it and recover again; production was not touched',
      facts: { state: control.state, log: place.log },
    },
  );
}

function notPromoted(place: ScratchPlace): ProblemError {
  return new ProblemError('postgres-failed', `the copy of plan ${place.plan} is still in recovery`, {
    next: 'promote it first (scratch-promote); production was not touched',
  });
}
