/** A file that breaks one rule, and the name by which the tool must report it. */
export interface Planted {
  readonly rule: string;
  readonly path: string;
  readonly text: string;
}
