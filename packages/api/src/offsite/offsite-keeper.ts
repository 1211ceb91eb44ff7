import { setTimeout as delay } from 'node:timers/promises';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import type { Json } from '@barback/shared/wire/json.ts';
import { problem, ProblemError, type Problem } from '@barback/shared/wire/problem.ts';
import { appendEvent } from '../audit/append-event.ts';
import { write } from '../db/write.ts';
import type { Log } from '../engine/engine-deps.ts';
import type { Generation } from './generation.ts';
import { offsiteText } from './offsite-config.ts';
import { pushGeneration, type PushDeps } from './push-generation.ts';

/** How it went since this api runs. */
export interface OffsiteState {
  readonly destination: string;
  readonly everyMinutes: number;
  /** What the box is known to have. */
  readonly newest: Generation | null;
  /** Why the last try failed; null when it did not. */
  readonly problem: { readonly since: string; readonly problem: Problem } | null;
}

export interface OffsiteKeeper {
  /** Null: no box is configured. */
  state(): OffsiteState | null;
  start(): void;
  stop(): Promise<void>;
}

/** A try that takes longer is given up. */
const limitMs = 30 * 60_000;
const engine = { kind: 'engine', id: 'barback-api' } as const;

export const noOffsite: OffsiteKeeper = { state: () => null, start: () => undefined, stop: async () => undefined };

/** Keeps a copy of the database on the box, as fresh as configured; a failure is an event once, and so is its end. */
export function keepOffsite(deps: PushDeps, log: Log): OffsiteKeeper {
  const { config } = deps;
  const stopping = new AbortController();
  let loop: Promise<void> = Promise.resolve();
  let newest: OffsiteState['newest'] = null;
  let trouble: OffsiteState['problem'] = null;

  async function push(): Promise<void> {
    try {
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(limitMs)]);
      newest = await pushGeneration(deps, signal);
      if (trouble !== null) record('database.copy-recovered', { since: trouble.since });
      trouble = null;
    } catch (error) {
      if (stopping.signal.aborted) return;
      const what = problemOf(error);
      log.error({ error }, 'cannot copy the database to the box');
      const since = trouble?.since ?? formatInstant(deps.clock.now());
      if (trouble === null) record('database.copy-failed', { problem: what as unknown as Json, since });
      trouble = { since, problem: what };
    }
  }
  function record(type: 'database.copy-failed' | 'database.copy-recovered', data: Json): void {
    write(deps.database, (tx) => appendEvent(tx, { type, at: deps.clock.now(), actor: engine, data }));
  }
  async function keep(): Promise<void> {
    while (!stopping.signal.aborted) {
      await push();
      await delay(config.everyMinutes * 60_000, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }
  return {
    state: () => ({ destination: offsiteText(config), everyMinutes: config.everyMinutes, newest, problem: trouble }),
    start() {
      loop = keep();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}

function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const reason = error instanceof Error ? error.message : String(error);
  return problem('mirror-failed', `The database could not be copied: ${reason}`, {
    next: 'Remedy what is said; the next try comes by itself.',
  });
}
