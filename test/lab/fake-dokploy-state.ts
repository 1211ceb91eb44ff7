import type { FakeSwarm } from './fake-swarm.ts';

/** Ways in which Dokploy has been seen to lie or fail, each off at first. */
export interface Faults {
  /** Stop answers 200, and docker did nothing. */
  stopSilentlyFails: boolean;
  stopTakesMs: number;
  /** A reload answers `true`, its tasks die, Swarm puts the former specification back, and the status is `done`. */
  rollbackOnUpdate: boolean;
  /** Somebody else saves another environment as soon as it was read. */
  environmentChanges: boolean;
  /** docker cannot be asked: every list is empty. */
  listsNothing: boolean;
  /** The call is carried out and never answered. */
  hang: string | null;
  /** From then on the key is refused as a rate-limited one is. */
  rateLimited: boolean;
  /** A proxy in front of it answers. */
  htmlBadGateway: boolean;
  /** The user of the key may not change rows. */
  mayNotUpdate: boolean;
  /** The user of the key may not even read. */
  mayNotRead: boolean;
  /** Changes answer 200 with nothing, as redeploy does. */
  emptyBodies: boolean;
  /** A procedure fails, and this is what is told of it. */
  fails: { readonly call: string; readonly message: string } | null;
}

export interface FakeService {
  readonly type: 'application' | 'compose';
  readonly id: string;
  readonly appName: string;
  /** The database row of Dokploy: what is saved. */
  readonly row: {
    status: 'idle' | 'running' | 'done' | 'error';
    replicas: number;
    autoDeploy: boolean;
    modeSwarm: object | null;
    composeType: 'docker-compose' | 'stack';
    /** Holds secrets, as a real one does. */
    env: string;
    buildArgs: string | null;
    buildSecrets: string | null;
    createEnvFile: boolean;
  };
  /** What docker runs, which is another thing. */
  readonly swarm: FakeSwarm;
}

export interface FakeDokploy {
  readonly url: string;
  readonly key: string;
  readonly faults: Faults;
  /** Calls that were carried out, as `application.stop`. */
  readonly calls: string[];
  /** Calls for which there is no capture: a test that makes one tests nothing. */
  readonly unknown: string[];
  version: string;
  service(id: string): FakeService;
  /** A push to the repository: deploys when the row allows it, or always when somebody presses the button. */
  push(id: string, how?: 'webhook' | 'button'): Promise<void>;
  close(): Promise<void>;
}
