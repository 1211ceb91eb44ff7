import type { Result } from '@barback/shared/operations/index.ts';
import { z } from 'zod';
import {
  extensionNamesSql,
  sessionsScript,
  sourceFactsSchema,
  sourceSql,
  targetFactsSchema,
  targetSql,
} from '../postgres/import-sql.ts';
import { roleObjections, roleSchema, roleSql } from '../postgres/probe-role.ts';
import { binariesVersion } from './binaries.ts';
import { askJson, liveServer } from './copy-sql.ts';
import type { Call, Handler } from './handler.ts';
import {
  askSource,
  askSourceJson,
  enterAsRole,
  importOf,
  isPlain,
  type ImportSource,
  type ServerSource,
} from './import-source.ts';
import { liveBeside } from './live-database.ts';
import { plainFacts } from './plain-source.ts';

export const importLook: Handler<'import-look'> = {
  async perform(host, params, call) {
    const source = importOf(host, params.import);
    const { validUntil = null } = source.config;
    const [facts, into, tools] = await Promise.all([
      isPlain(source) ? plainFacts(source, call) : serverFacts(source, call),
      lookAtTarget(source, call),
      binariesVersion(host, call.signal),
    ]);
    return { source: facts, into, validUntil, toolsMajor: tools.major };
  },
};

async function serverFacts(source: ServerSource, call: Call): Promise<Result<'import-look'>['source']> {
  const { host, port, database, role } = source.config;
  // First: what hands sessions on may refuse everything else, or answer for another server.
  const pooled = await isPooled(source, call);
  const facts = await askSourceJson(source, sourceSql, sourceFactsSchema, call);
  return { host, port, database, role, ...facts, pooled, plain: null };
}

/** Whether two connections that are open at the same time are one session of the server. */
async function isPooled(source: ServerSource, call: Call): Promise<boolean> {
  const pids = (await askSource(source, sessionsScript, call)).split('\n').filter((line) => line !== '');
  return new Set(pids).size < pids.length;
}

async function lookAtTarget(source: ImportSource, call: Call) {
  const { host, config } = source;
  const { database, role } = config.into;
  const live = liveBeside(host, [database]);
  const { oid, ...facts } = await askJson(live, targetSql(database), targetFactsSchema, call.signal);
  const extensions =
    oid === null
      ? []
      : await askJson({ ...liveServer(host), database }, extensionNamesSql, z.array(z.string()), call.signal);
  return { database, oid, ...facts, extensions, role, objections: await objectionsTo(source, oid !== null, call) };
}

/** Why what comes from elsewhere must not be loaded as the role (T5), or cannot be. */
async function objectionsTo(source: ImportSource, isThere: boolean, call: Call): Promise<string[]> {
  const { host, config } = source;
  const { database, role } = config.into;
  const facts = await askJson(liveBeside(host, [database]), roleSql(role), roleSchema, call.signal);
  if (!facts.exists) return ['there is no such role'];
  const objections = roleObjections({ ...facts, createDb: false });
  if (objections.length > 0 || !isThere) return objections;
  try {
    await enterAsRole(source, database, call);
    return [];
  } catch (error) {
    call.signal.throwIfAborted();
    return [`it does not get into ${database}: ${error instanceof Error ? error.message : String(error)}`];
  }
}
