import { formatInstant, type Micros } from '@barback/shared/postgres/instant.ts';
import type { Result } from '@barback/shared/operations/index.ts';
import { planFormat, type PlanDocument, type ServerSettings } from './plan-document.ts';
import type { ActiveRun } from './earlier-runs.ts';
import type { Measure } from './predict.ts';

/** What the plan of any scenario is made from besides the facts of its own. */
export interface FrameInput {
  readonly id: string;
  readonly agentId: string;
  readonly settings: ServerSettings;
  /** Steps of the last succeeded runs of this scenario on the server. */
  readonly measures: readonly Measure[];
  readonly earlierSystemIdentifier: string | null;
  readonly activeRun: ActiveRun | null;
  readonly createdAt: Micros;
  readonly expiresAt: Micros;
  readonly createdBy: string;
}

/** What cannot be taken back is agreed to by a second person unless the server's settings say otherwise. */
const deletes: ReadonlySet<string> = new Set(['accept', 'import-accept']);

/** Whether the request lets live be deleted before there is anything in its place. */
export function deletesLive({ options }: { readonly options: object }): boolean {
  return 'inPlace' in options && options.inPlace === true;
}

/** The parts of a plan that are the same for every scenario. Pure. */
export function planFrame(
  input: FrameInput,
  request: { readonly server: string; readonly scenario: PlanDocument['scenario']; readonly options: object },
  host: Result<'host-facts'>,
) {
  const { server, scenario, options } = request;
  return {
    format: planFormat,
    id: input.id,
    server,
    agent: input.agentId,
    scenario,
    createdAt: formatInstant(input.createdAt),
    expiresAt: formatInstant(input.expiresAt),
    createdBy: input.createdBy,
    // As the bytes will have it: without what was left out.
    options: JSON.parse(JSON.stringify(options)) as unknown,
    approvalsRequired: approvalsFor(input.settings.approvals[scenario], scenario, deletesLive(request)),
    settings: input.settings,
    systemIdentifier: host.live?.systemIdentifier ?? null,
    barmanVersion: host.barman.version,
  };
}

/** Deleting live is never agreed to by one person alone, whatever the settings say of other restores. */
function approvalsFor(configured: number | undefined, scenario: string, deletesAll: boolean): number {
  const usual = configured ?? (deletes.has(scenario) ? 1 : 0);
  return deletesAll ? Math.max(1, usual) : usual;
}
