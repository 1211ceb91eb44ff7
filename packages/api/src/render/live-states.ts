import type { RunView } from '../engine/run-view.ts';

/** How live was last seen, in words. */
export const liveStates: Record<RunView['liveDatabase'], string> = {
  'old-running': 'the live database is running, as it was',
  'old-stopped': 'the live database is stopped, as it was',
  'new-running': 'the restored database is running as live',
  'new-stopped': 'the restored database is in place and stopped',
  down: 'there is no database at the live path',
  unknown: 'not observed',
};
