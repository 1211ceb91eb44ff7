import { parseRecoveryLine } from '../postgres/recovery-log.ts';
import { advance, freshRecovery, type RecoveryState } from '../postgres/recovery-state.ts';
import { readFrom } from '../system/files.ts';

const chunkBytes = 1024 * 1024;

/** Follows the log of a copy, line by line, from its beginning. */
export class LogFollower {
  readonly #file: string;
  readonly #segmentBytes: number;
  #offset = 0;
  #rest = '';
  #state = freshRecovery;

  constructor(file: string, segmentBytes: number) {
    this.#file = file;
    this.#segmentBytes = segmentBytes;
  }

  /** What all complete lines so far say together. */
  async read(): Promise<RecoveryState> {
    for (;;) {
      const part = await readFrom(this.#file, this.#offset, chunkBytes);
      if (part.text === '') return this.#state;
      this.#offset = part.nextOffset;
      const lines = (this.#rest + part.text).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = parseRecoveryLine(line);
        if (event) this.#state = advance(this.#state, event, this.#segmentBytes);
      }
    }
  }
}
