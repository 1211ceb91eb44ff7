/** How this agent starts itself again as a runner. */
export interface RunnerCommand {
  /** Node, its options, and the file that this process was started with. */
  readonly argv: readonly string[];
  readonly configFile: string;
  readonly compileCache: string;
}
