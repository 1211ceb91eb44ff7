import type { Json } from '@barback/shared/wire/json.ts';
import { formatInstant } from '@barback/shared/postgres/instant.ts';
import { nowMicros } from '../system/clock.ts';
import { appendRotating } from '../system/files.ts';

/** At most twice this is kept of a job's log: the newest lines. */
const logBytesMax = 512 * 1024;
const lineCharactersMax = 16 * 1024;

/** A job's own log: JSON lines, bounded. */
export class JobLog {
  readonly #file: string;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  add(line: string, facts?: Json): void {
    const at = formatInstant(nowMicros());
    const entry = { at, line: line.slice(0, lineCharactersMax), ...(facts === undefined ? {} : { facts }) };
    const text = JSON.stringify(entry);
    const bounded =
      text.length <= 2 * lineCharactersMax
        ? text
        : JSON.stringify({ at, line: entry.line, facts: 'left out: too long' });
    this.#writing = this.#writing
      .then(() => appendRotating(this.#file, `${bounded}\n`, logBytesMax))
      .catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#writing;
  }
}
