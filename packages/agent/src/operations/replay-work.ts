import type { Params } from '@barback/shared/operations/index.ts';
import type { Call, Host } from './handler.ts';
import type { Recovered } from './scratch-completion.ts';
import type { ScratchPlace } from './scratch-place.ts';

/** One replay: of which copy, to where, for whom. */
export interface ReplayWork {
  readonly host: Host;
  readonly place: ScratchPlace;
  readonly params: Params<'scratch-replay'>;
  readonly recovered: Recovered;
  readonly call: Call;
}
