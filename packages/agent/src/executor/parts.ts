import type { AgentConfig } from '../config.ts';
import type { JobDirectory } from '../jobs/directory.ts';
import type { Launcher } from '../jobs/launch.ts';
import type { Registry } from '../registry.ts';
import type { KeyedMutex } from '../system/keyed-mutex.ts';
import type { ReceiptSigner, RequestNames } from './receipt.ts';
import type { Semaphore } from './semaphore.ts';

/** What the parts of one executor share. */
export interface Parts {
  readonly config: AgentConfig;
  readonly registry: Registry;
  readonly jobs: JobDirectory;
  readonly launcher: Launcher;
  readonly signer: ReceiptSigner;
  /** By server: whoever claims it or adds a job to it does so alone. */
  readonly servers: KeyedMutex;
  readonly reads: Semaphore;
}

/** One admitted request on its way to an answer. */
export interface Asked {
  readonly names: RequestNames;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}
