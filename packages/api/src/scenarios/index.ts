import { accept } from './accept.ts';
import { backup } from './backup.ts';
import { drill } from './drill.ts';
import { extract } from './extract.ts';
import { mirror } from './mirror.ts';
import { pointInTime } from './point-in-time.ts';
import { rebaseline } from './rebaseline.ts';
import { restoreFromMirror } from './restore-from-mirror.ts';
import { importAccept } from './import-accept.ts';
import { importUndo } from './import-undo.ts';
import { provision } from './provision.ts';
import { standbyImport } from './standby-import.ts';
import { undo } from './undo.ts';

/** Every scenario: routes, engine, renderers, docs and the every-scenario tests read this catalogue. */
export const scenarios = {
  drill,
  'point-in-time': pointInTime,
  extract,
  undo,
  accept,
  backup,
  rebaseline,
  mirror,
  'restore-from-mirror': restoreFromMirror,
  'standby-import': standbyImport,
  'import-undo': importUndo,
  'import-accept': importAccept,
  provision,
} as const;

export type ScenarioName = keyof typeof scenarios;
