import type { PlanView } from '../planner/plan-view.ts';
import { plain } from './plain.ts';
import { describeTarget, stopFields } from './render-stop.ts';
import { ago, bytes, exactInstant, instant } from './units.ts';

type ViewOf<S extends PlanView['scenario']> = Extract<PlanView, { scenario: S }>;
type CopyView = ViewOf<'drill' | 'point-in-time' | 'extract'>;
type RebaselineView = ViewOf<'rebaseline'>;
type Lines = readonly (readonly [string, string | null])[];

/** What a plan is about, by its scenario. */
export function subject(plan: PlanView, now: number): Lines {
  switch (plan.scenario) {
    case 'drill':
      return copySubject(plan, now);
    case 'point-in-time':
      return [...copySubject(plan, now), ...applications(plan.applications)];
    case 'extract':
      return [
        ...copySubject(plan, now),
        ['tables', plan.tables.map(plain).join(', ')],
        ['of database', plain(plan.database)],
        ['loaded into', plan.into === null ? 'nothing: only the dump is made' : `the new schema ${plan.into} of live`],
      ];
    case 'undo':
      return [['puts back', plan.kept.path], ['of run', plan.undoes], ...applications(plan.applications)];
    case 'accept':
      return [
        ['deletes', plan.kept.path],
        ['of run', plan.accepts],
        ['frees', plan.kept.bytes === null ? null : bytes(plan.kept.bytes)],
      ];
    case 'standby-import':
      return [...importSubject(plan), needs(plan), ...applications(plan.applications)];
    case 'import-undo':
      return [
        ['puts back', plain(plan.kept.name)],
        ['as', plain(plan.kept.replaced)],
        ['of run', plan.undoes],
        ...applications(plan.applications),
      ];
    case 'import-accept':
      return [
        ['drops', plain(plan.kept.name)],
        ['of run', plan.accepts],
        ['frees', bytes(plan.kept.sizeBytes)],
      ];
    case 'provision': {
      const { terraform } = plan;
      return [
        ['by', terraform === null ? 'a person' : `${terraform.program.name} ${plain(terraform.program.version)}`],
        ['for', `${plain(plan.replaces)}, whose agent was ${plain(plan.oldAgent)}`],
        ['digest', terraform?.digest ?? null],
      ];
    }
    case 'mirror':
      return [['holds', heldText(plan.holds, now)]];
    case 'restore-from-mirror':
      return [...restoreFromMirrorSubject(plan, now), ...applications(plan.applications)];
    case 'backup':
      return [['WAL comes by', ways(plan.protection)]];
    case 'rebaseline':
      return rebaselineSubject(plan);
  }
}

/** What is not stopped is not told either (T27). */
const staysUp =
  'whatever is not named here (frontends, queues, replicas of the data): it may have seen commits that are undone';

function applications(names: readonly string[]): Lines {
  return [
    ['stays up', staysUp],
    [
      'stops and starts',
      names.length === 0 ? 'no application: whoever is connected is put out by the fence' : names.map(plain).join(', '),
    ],
  ];
}

function copySubject(plan: CopyView, now: number): Lines {
  return [
    ['backup', `${plan.backup.id}, ended ${instant(plan.backup.endTime, now)}`],
    ['size', plan.backup.sizeBytes === null ? null : bytes(plan.backup.sizeBytes)],
    ['target', describeTarget(plan.target)],
    ...(plan.stop === null ? [] : stopFields(plan.stop, now)),
    ['timeline', timeline(plan)],
    needs(plan),
  ];
}

function needs({ predictions }: Pick<PlanView, 'predictions'>): Lines[number] {
  return ['needs', `${bytes(predictions.scratchBytes)} and ${bytes(predictions.walBytes ?? 0)} of WAL`];
}

function restoreFromMirrorSubject(
  { backup, mirror, vault, timeline: number }: ViewOf<'restore-from-mirror'>,
  now: number,
): Lines {
  return [
    ['from', `${plain(mirror.source)}, brought up to date ${instant(mirror.mirroredAt, now)}`],
    ['holds', `${heldText(mirror, now)}; ${mirror.files} files, ${bytes(mirror.bytes)}`],
    ['backup', `${backup.id}, ended ${instant(backup.endTime, now)}`],
    ['size', backup.sizeBytes === null ? null : bytes(backup.sizeBytes)],
    ['timeline', `${number}, to its end; a new one from there`],
    ['vault', vaultText(vault)],
  ];
}

function importSubject({ source, into, validUntil }: ViewOf<'standby-import'>): Lines {
  return [
    [
      'from',
      source.sha256 === null
        ? `${plain(source.database)} at ${plain(source.host)}:${source.port}, PostgreSQL ${plain(source.version)}`
        : `the plain dump ${plain(source.host)} of PostgreSQL ${plain(source.version)}`,
    ],
    ['SHA-256', source.sha256],
    ['valid until', validUntil],
    ['holds', `${source.tables} tables, ${bytes(source.sizeBytes)}`],
    ['replaces', `${plain(into.database)}${into.sizeBytes === null ? '' : `, ${bytes(into.sizeBytes)}`}`],
    ['loaded as', plain(into.role)],
  ];
}

/** What is otherwise in the configuration, and how much of it the run writes. */
function vaultText({ version, configuration }: ViewOf<'restore-from-mirror'>['vault']): string {
  if (version === null) return 'none';
  if (configuration.length === 0) return `${version}; its configuration is here`;
  const told = configuration.slice(0, 12).map((one) => `${plain(one.path)} ${one.is}`);
  return `${version}; not as there: ${told.join(', ')}${configuration.length > 12 ? ', …' : ''}`;
}

function ways({ streaming, archiver }: RebaselineView['protection']): string {
  const all = [...(streaming ? ['receive-wal'] : []), ...(archiver ? ['archive_command'] : [])];
  return all.join(' and ') || 'nothing that Barman is configured for';
}

function rebaselineSubject({ protection, slots }: RebaselineView): Lines {
  return [
    ['WAL comes by', ways(protection)],
    ["Barman's slot", slots.barman === null ? (protection.slotName ?? 'none') : slot(slots.barman)],
    ['other slots', slots.others.length === 0 ? null : slots.others.map(slot).join('; ')],
  ];
}

function slot({ name, active, retainedBytes, walStatus }: RebaselineView['slots']['others'][number]): string {
  const kept = retainedBytes === null ? 'keeps nothing' : `keeps ${bytes(retainedBytes)}`;
  return `${plain(name)}: ${active ? 'in use' : 'not in use'}, ${kept}${walStatus === null ? '' : ` (${plain(walStatus)})`}`;
}

function heldText({ newestCommit }: Pick<ViewOf<'mirror'>['holds'], 'newestCommit'>, now: number): string {
  if (newestCommit === null) return 'no commit is known yet';
  return `every commit up to ${newestCommit.xid} of ${exactInstant(newestCommit.time)} (${ago(newestCommit.time, now)})`;
}

function timeline({ timeline: number, stop: at }: CopyView): string {
  return at?.abandoned ? `${number}, which a later restore gave up` : String(number);
}
