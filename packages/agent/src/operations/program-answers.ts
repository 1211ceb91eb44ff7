import { monotonicMs } from '../system/clock.ts';
import { targetIdentity } from '../system/directory-tree.ts';

/** An upgrade replaces a file of the program: asked again then, or after this time. */
const rememberMs = 60_000;

interface Remembered<T> {
  readonly at: number;
  readonly files: string;
  readonly answer: T;
}

/** What programs have said of themselves, their version above all: a start of Python costs as much as a whole step. */
export class ProgramAnswers<T> {
  readonly #remembered = new Map<string, Remembered<T>>();

  /** By who is asked, of which `argv` names the files. */
  async of(key: string, argv: readonly string[], ask: () => Promise<T>): Promise<T> {
    const files = JSON.stringify(await Promise.all(argv.filter((part) => part.startsWith('/')).map(targetIdentity)));
    const known = this.#remembered.get(key);
    if (known && known.files === files && monotonicMs() - known.at < rememberMs) return known.answer;
    const answer = await ask();
    this.#remembered.set(key, { at: monotonicMs(), files, answer });
    return answer;
  }
}
