import { chmod, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { provideTree, type TreeKind } from '../../scripts/debian/provide-tree.ts';
import { removeTree, runInTree } from '../../scripts/debian/run-in-tree.ts';
import { poll } from '../lab/poll.ts';
import { ownNetwork, type OwnNetwork } from './own-network.ts';

/** A Debian in a directory, on a network of its own, with one process that stands for its services. */
export class DebianHost {
  readonly network: OwnNetwork;
  readonly #tree: string;
  /** Of what its programs print; outside, so that nothing there can read or change it. */
  readonly #outputs: string;
  readonly #ends = new AbortController();
  #calls = 0;
  #services: Promise<void> | undefined;
  #ended: string | undefined;

  private constructor(tree: string, outputs: string, network: OwnNetwork) {
    this.#tree = tree;
    this.#outputs = outputs;
    this.network = network;
  }

  static async make(kind: TreeKind): Promise<DebianHost> {
    const tree = await provideTree(kind, new AbortController().signal, () => undefined);
    const outputs = await mkdtemp('/var/tmp/barback-host-');
    return new DebianHost(tree, outputs, await ownNetwork());
  }

  inside(file: string): string {
    return path.join(this.#tree, file);
  }

  async write(file: string, content: string, mode = 0o644): Promise<void> {
    await mkdir(path.dirname(this.inside(file)), { recursive: true });
    await writeFile(this.inside(file), content);
    await chmod(this.inside(file), mode);
  }

  /** Runs a program there as a user; answers what it printed, and throws with that when it fails. */
  async as(user: string, ...argv: readonly string[]): Promise<string> {
    const ids = ['setpriv', '--reuid', user, '--regid', user, '--init-groups', '--'];
    const { code, said } = await this.#run([...ids, ...argv], true);
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with exit code ${code}: ${said.slice(-2_000)}`);
    return said.trim();
  }

  /** Starts its services: a program that runs until the host is gone. */
  serve(...argv: readonly string[]): void {
    this.#services = this.#run(['/usr/bin/tini', '--', ...argv], false).then(({ code, said }) => {
      this.#ended = `ended with exit code ${code}: ${said.slice(-2_000)}`;
    });
  }

  /** Waits for a file that somebody makes there. */
  async made(file: string): Promise<void> {
    await poll(`${file} on the host`, 60_000, () => {
      if (this.#ended !== undefined) throw new Error(`the services of the host ${this.#ended}`);
      return readFile(this.inside(file)).catch(() => undefined);
    });
  }

  /** Everything on it ends at once, and it is gone. */
  async destroy(): Promise<void> {
    this.#ends.abort();
    await this.#services;
    await this.network.close();
    await removeTree(this.#tree);
    await rm(this.#outputs, { recursive: true, force: true });
  }

  async #run(argv: readonly string[], beside: boolean): Promise<{ code: number; said: string }> {
    this.#calls += 1;
    const file = path.join(this.#outputs, String(this.#calls));
    const output = await open(file, 'wx');
    try {
      const options = { signal: this.#ends.signal, output: output.fd, network: this.network.name, beside };
      const code = await runInTree(this.#tree, argv, options);
      return { code, said: await readFile(file, 'utf8') };
    } finally {
      await output.close();
    }
  }
}
