/** A complete answer, made before the gateway starts. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
}

/** All that the gateway knows: no key, no schema, no parser. */
export interface GatewaySettings {
  readonly host: string;
  readonly port: number;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly socket: string;
  readonly requestBytesMax: number;
  readonly answerBytesMax: number;
  readonly refusals: Readonly<
    Record<'path' | 'method' | 'media-type' | 'too-large' | 'unauthenticated' | 'busy' | 'no-executor', Refusal>
  >;
}
