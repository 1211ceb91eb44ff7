import type { Json } from '@barback/shared/wire/json.ts';
import type { DatabaseAddress } from '../scenarios/address.ts';
import type { ServerSettings } from '../planner/plan-document.ts';

/** One application or check of a server's settings, by its name, as the plan was frozen with them. */
export interface Named {
  readonly settings: ServerSettings;
  readonly name: string;
  readonly plan: string;
  readonly signal: AbortSignal;
}

/** What the api itself reaches over HTTP. Each may be asked again after a crash; all throw ProblemError. */
export interface Outside {
  /** What will have to be put back. */
  look(application: Named): Promise<Json>;
  stop(application: Named, before: Json): Promise<Json>;
  start(application: Named, before: Json): Promise<Json>;
  /** From its next start on it finds the database there. */
  reconnect(application: Named, address: DatabaseAddress): Promise<Json>;
  check(smoke: Named): Promise<Json>;
}
