import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Reader } from '../db/database.ts';
import type { Server } from '../servers/server-store.ts';
import { drillHistory, pastDrillSchema } from './drill-history.ts';
import { findingsSince } from './finding-store.ts';
import { judgeServer, type ServerFacts } from './judge-server.ts';
import { serverFacts } from './server-facts.ts';
import { serverFindingSchema } from './server-finding.ts';

const predicted = z.strictObject({ median: z.number(), min: z.number(), max: z.number() }).nullable();

export const currentFindingSchema = serverFindingSchema
  .extend({ since: z.string().nullable().meta({ description: 'RFC 3339 UTC; null when it was just found' }) })
  .meta({ id: 'CurrentFinding' });

export type CurrentFinding = z.infer<typeof currentFindingSchema>;

export const readinessSchema = z
  .strictObject({
    server: z.string(),
    /** What a restore of everything would do now; null while there is no backup for it. */
    restoreNow: z
      .strictObject({
        backup: z.string(),
        copyBytes: z.int(),
        replayBytes: z.int(),
        /** Copy, start, replay and promotion; null below three drills. */
        seconds: predicted,
        copySeconds: predicted,
        replaySeconds: predicted,
        objectiveSeconds: z.number().nullable(),
      })
      .nullable(),
    /** What would be lost if the host were gone now. */
    rpoNow: z.strictObject({
      newestCommitAgeSeconds: z.number().nullable(),
      commitsNotHeld: z.int().nullable(),
      objectiveSeconds: z.number().nullable(),
    }),
    findings: z.array(currentFindingSchema),
    /** Newest first. */
    drills: z.array(pastDrillSchema),
    links: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Readiness' });

export type Readiness = z.infer<typeof readinessSchema>;

export function readinessView(
  reader: Reader,
  server: Server,
  { clock, limit }: { clock: Clock; limit: number },
): Readiness {
  const facts = serverFacts(reader, server, clock);
  const { restore, rpo, settings } = facts;
  const self = `/v1/servers/${server.name}`;
  return {
    server: server.name,
    restoreNow: restore && { ...restore, objectiveSeconds: settings.rtoSeconds },
    rpoNow: {
      newestCommitAgeSeconds: rpo.ageSeconds,
      commitsNotHeld: rpo.notHeldCommits,
      objectiveSeconds: settings.rpoSeconds,
    },
    findings: [...findingsOf(reader, facts)],
    drills: [...drillHistory(reader, server.name, limit)],
    links: { server: self, window: `${self}/window`, runs: `/v1/runs?server=${server.name}` },
  };
}

export function currentFindings(reader: Reader, server: Server, clock: Clock): readonly CurrentFinding[] {
  return findingsOf(reader, serverFacts(reader, server, clock));
}

/** The worst first. */
function findingsOf(reader: Reader, facts: ServerFacts): readonly CurrentFinding[] {
  const since = findingsSince(reader, facts.server);
  const found = judgeServer(facts).map((one) => {
    const at = since.get(one.code);
    return { ...one, since: at === undefined ? null : formatInstant(at) };
  });
  return found.toSorted((a, b) => a.severity.localeCompare(b.severity));
}
