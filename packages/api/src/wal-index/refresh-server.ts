import type { Result } from '@barback/shared/operations/index.ts';
import { write } from '../db/write.ts';
import type { Look } from './look.ts';
import { observe } from './observe.ts';
import { readComplete } from './read-complete.ts';
import { readLive } from './read-live.ts';
import { readPartials } from './read-partials.ts';
import { recordHoles, recordReset } from './record-holes.ts';
import { refreshBackups } from './refresh-backups.ts';
import { refreshNames } from './refresh-names.ts';
import { restoreEnds } from './restore-ends.ts';
import { rangeOfSegment } from './segment-range.ts';
import { forgetServer, forgetUnheld } from './store-segments.ts';
import { loadFile, loadWal, saveWal, type KnownWal } from './wal-store.ts';

/**
 * Brings the index of a server up to what Barman holds now: lists, then reads what leads to the newest commit, in short
 * transactions, so that an abort at any moment loses nothing but time. Answers whether it got there; older segments may be left
 * to read. Throws ProblemError when the agent cannot tell.
 */
export async function refreshServer(look: Look): Promise<boolean> {
  const facts = await observeFiles(look);
  await refreshBackups(look, facts.catalogue);
  const isFresh = await readComplete(look, 'front');
  // What an unfinished file said stays until its complete one was read: a commit that Barman holds must not go out of sight.
  if (isFresh) await readPartials(look, facts.partialFiles, facts.time);
  await readLive(look);
  await refreshNames(look);
  return isFresh;
}

/** Lists Barman's files and takes down what changed. */
async function observeFiles(look: Look): Promise<Result<'wal-facts'>> {
  const { database, server, agent, context, clock } = look;
  const before = loadWal(database.orm, server);
  const hasIndex = before.state.read.length > 0;
  // Before anything was read, every file is new.
  const changedSince = look.sweep && hasIndex ? (before.state.sweptTo ?? 0) : null;
  const { result: facts } = await agent.call('wal-facts', { server, changedSince }, context);
  const { segmentBytes } = facts;
  const { state: observed, reset } = observe(before.state, facts, (file) => {
    const { timeline, first } = rangeOfSegment(file.segment, segmentBytes);
    const read = loadFile(database.orm, server, timeline, first);
    return (
      read !== undefined &&
      (read.bytes !== file.bytes || read.modifiedAt !== file.modifiedAt || read.inode !== file.inode)
    );
  });
  const state = { ...observed, ends: restoreEnds(database.orm, server, observed) };
  const at = clock.now();
  const known: KnownWal = {
    ...before,
    state: hasIndex ? state : { ...state, sweptTo: facts.time },
    observedAt: facts.time,
    problem: null,
    problemAt: null,
  };
  write(database, (tx) => {
    if (reset !== null) {
      forgetServer(tx, server);
      recordReset(tx, { server, at, reason: reset });
    }
    forgetUnheld(tx, server, state);
    recordHoles(tx, { server, at, before: before.state, after: state });
    saveWal(tx, server, known);
  });
  return facts;
}
