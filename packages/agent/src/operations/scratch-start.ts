import { setTimeout as sleep } from 'node:timers/promises';
import { userInfo } from 'node:os';
import type { Params, Result } from '@barback/shared/operations/index.ts';
import { operations } from '@barback/shared/operations/index.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import type { Capacity } from '../postgres/capacity.ts';
import { parseAutoConf, parseLibraryList, reportableLine } from '../postgres/auto-conf.ts';
import {
  capacitySettings,
  chooseLibraries,
  configurationText,
  emptyAutoConf,
  goesLiveSettings,
  hbaText,
  identText,
  isolationSettings,
  postgresArgv,
  recoverySettings,
  type Settings,
} from '../postgres/copy-settings.ts';
import { monotonicMs } from '../system/clock.ts';
import { kindOf } from '../system/directory-tree.ts';
import { readIfExists, readTail, writeAtomic } from '../system/files.ts';
import type { Outcome, Program } from '../system/program.ts';
import { startProgram } from '../system/run-program.ts';
import { requirePlan } from './backup-lease.ts';
import { binariesVersion } from './binaries.ts';
import type { ControlData } from '../postgres/control-data.ts';
import { readControlData } from './control-data.ts';
import { copyProcess } from './copy-process.ts';
import { abortReason, executeOk } from './execute.ts';
import type { Call, Handler, Host } from './handler.ts';
import { requireRecovered } from './scratch-completion.ts';
import { scratchPlace, scratchPort, scratchUser, type ScratchPlace } from './scratch-place.ts';
import { readRecord, requireScratch } from './scratch-record.ts';

interface StartWork {
  readonly host: Host;
  readonly place: ScratchPlace;
  readonly params: Params<'scratch-start'>;
  /** What the staged WAL asks for. */
  readonly capacity: Capacity;
}

const startMs = 60_000;
const pollMs = 10;

export const scratchStart: Handler<'scratch-start'> = {
  async perform(host, params, call) {
    const place = await requireScratch(host, requirePlan(call));
    const { capacity } = await requireRecovered(place);
    const running = await copyProcess(place);
    if (running) return { ...(await requireStarted(place)), pid: running.pid };
    const [settingsSetAside, { major }, control] = await Promise.all([
      setAsideAutoConf(host, place, call),
      binariesVersion(host, call.signal),
      readControlData(host, place.pgdata, scratchUser(host), call.signal),
      writeFiles(host, accessFiles(host, place), call),
    ]);
    const found = { settingsSetAside, major, control };
    const { settings, libraries } = copySettings({ host, place, params, capacity }, found);
    await writeConfiguration(host, place, settings, call);
    const lines = settingsSetAside.map(reportableLine);
    const { superuser } = host.server.postgres;
    const where = { socketDirectory: place.socket, port: scratchPort, superuser };
    const result = { pid: 0, ...where, libraries, settingsSetAside: lines };
    await writeAtomic(place.startedFile, JSON.stringify(result));
    return { ...result, pid: await launch(host, place, settings, call) };
  },

  async observe(host, _params, call) {
    const place = scratchPlace(host, requirePlan(call));
    const text = await readIfExists(place.startedFile);
    if (text === undefined || !(await readRecord(place))) return { is: 'absent' };
    const running = await copyProcess(place);
    if (!running) return { is: 'partial', facts: { log: await readTail(place.log, 1000) } };
    return { is: 'complete', result: { ...(await requireStarted(place)), pid: running.pid } };
  },
};

async function requireStarted(place: ScratchPlace): Promise<Result<'scratch-start'>> {
  return operations['scratch-start'].result.parse(JSON.parse((await readIfExists(place.startedFile)) ?? 'null'));
}

/** What ALTER SYSTEM set on production outranks a configuration file: it is kept as evidence and replaced (T1). */
async function setAsideAutoConf(host: Host, place: ScratchPlace, call: Call) {
  const file = `${place.pgdata}/postgresql.auto.conf`;
  const evidence = `${file}.backup`;
  if ((await kindOf(evidence)) === 'absent') {
    // Barman has appended its own lines; what it found is in .origin.
    const origin = (await kindOf(`${file}.origin`)) === 'file' ? `${file}.origin` : file;
    await asScratchUser(host, { argv: ['/usr/bin/cp', '--no-clobber', '--', origin, evidence] }, call);
  }
  const shown = await asScratchUser(host, { argv: ['/usr/bin/cat', '--', evidence] }, call);
  return parseAutoConf(shown.stdout);
}

interface Found {
  readonly settingsSetAside: readonly { name: string; value: string }[];
  readonly major: number;
  readonly control: ControlData;
}

function copySettings(
  { host, place, params, capacity }: StartWork,
  { settingsSetAside, major, control }: Found,
): { settings: Settings; libraries: Result<'scratch-start'>['libraries'] } {
  const fromBackup = settingsSetAside.filter((one) => one.name === 'shared_preload_libraries').at(-1)?.value ?? '';
  const wanted = [...params.settings.sharedPreloadLibraries, ...parseLibraryList(fromBackup)];
  const libraries = chooseLibraries(wanted, host.server.preloadLibraries);
  const where = {
    dataDirectory: place.pgdata,
    configFile: `${place.configuration}/postgresql.conf`,
    hbaFile: `${place.configuration}/pg_hba.conf`,
    identFile: `${place.configuration}/pg_ident.conf`,
    socketDirectory: place.socket,
    port: scratchPort,
    clusterName: `barback-${place.plan.slice(-8)}`,
  };
  const loaded = libraries.filter((one) => one.loaded).map((one) => one.name);
  const settings = {
    ...isolationSettings(where, major),
    ...(params.goesLive ? goesLiveSettings(params.goesLive) : {}),
    ...capacitySettings(params.settings, control, capacity),
    ...recoverySettings(params.target, params.timeline),
    shared_preload_libraries: loaded.join(','),
  };
  return { settings, libraries };
}

type FileToWrite = readonly [file: string, text: string];

function accessFiles(host: Host, place: ScratchPlace): FileToWrite[] {
  const { superuser } = host.server.postgres;
  const people = [scratchUser(host) ?? userInfo().username, userInfo().username];
  return [
    [`${place.configuration}/pg_hba.conf`, hbaText],
    [`${place.configuration}/pg_ident.conf`, identText(people, [superuser, host.server.probeRole])],
  ];
}

async function writeConfiguration(host: Host, place: ScratchPlace, settings: Settings, call: Call): Promise<void> {
  const { config_file: _, data_directory: __, hba_file: ___, ident_file: ____, ...inFile } = settings;
  const files: FileToWrite[] = [
    [`${place.configuration}/postgresql.conf`, configurationText(inFile)],
    [`${place.pgdata}/postgresql.auto.conf`, emptyAutoConf],
    [`${place.pgdata}/recovery.signal`, ''],
  ];
  const remove = ['standby.signal', 'postmaster.pid'].map((name) => `${place.pgdata}/${name}`);
  await Promise.all([
    writeFiles(host, files, call),
    asScratchUser(host, { argv: ['/usr/bin/rm', '-f', '--', ...remove] }, call),
  ]);
}

/** Every file is written by the scratch user itself, through standard input. */
async function writeFiles(host: Host, files: readonly FileToWrite[], call: Call): Promise<void> {
  await Promise.all(
    // dd reads descriptor 0 as it is; opening /dev/stdin anew fails for a socket and for another user's pipe.
    files.map(([file, text]) =>
      asScratchUser(host, { argv: ['/usr/bin/dd', `of=${file}`, 'status=none'], stdin: text }, call),
    ),
  );
}

function asScratchUser(host: Host, program: Pick<Program, 'argv' | 'stdin'>, call: Call): Promise<Outcome> {
  return executeOk({ ...program, user: scratchUser(host), timeoutMs: 30_000 }, call.signal, 'postgres-failed');
}

/** Returns when the server has its pid file: recovery goes on by itself and is watched by scratch-replay. */
async function launch(host: Host, place: ScratchPlace, settings: Settings, call: Call): Promise<number> {
  const program = {
    argv: postgresArgv(host.server.postgres.binDirectory, place.pgdata, settings),
    user: scratchUser(host),
    environment: { BARBACK_PLAN: place.plan },
    background: true,
    timeoutMs: 0,
  };
  call.log(program.argv.join(' '));
  // The log of an earlier start would be taken for this one's.
  await writeAtomic(place.log, '');
  const { pid } = await startProgram(program, place.log);
  const deadline = monotonicMs() + startMs;
  for (;;) {
    const running = await copyProcess(place);
    if (running) return running.pid;
    const text = await readTail(place.log, 4000);
    if (!isRunning(pid) || monotonicMs() > deadline) {
      throw new ProblemError('postgres-failed', `the copy did not start: ${lastWords(text)}`, {
        next: 'the whole log is in facts',
        facts: { log: text },
      });
    }
    if (call.signal.aborted) throw abortReason(call.signal);
    await sleep(pollMs);
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function lastWords(log: string): string {
  const lines = log.trim().split('\n');
  return (lines.findLast((line) => /FATAL|PANIC/.test(line)) ?? lines.at(-1) ?? '').slice(0, 500) || 'it said nothing';
}
