import type { Reader } from '../db/database.ts';
import type { RunView } from './run-view.ts';

/** The run as the REST interface shows it. Throws ProblemError `not-found`. */
export function loadRunView(_reader: Reader, _runId: string): RunView {
  throw new Error('cannot show runs yet');
}
