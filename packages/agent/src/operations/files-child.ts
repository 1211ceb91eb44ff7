import { text } from 'node:stream/consumers';
import { dropRights } from '../system/drop-rights.ts';
import { readSmallFiles } from '../system/small-files.ts';
import { filesRequestSchema, type FilesAnswer } from './files-request.ts';

/**
 * The body of `main.ts files`: one request on standard input, one answer as JSON on standard output, then the end. Whoever owns a
 * directory can put a link into it, so each directory is read with the rights of its owner and never with more.
 */
export async function runFilesChild(): Promise<void> {
  const { drop, wanted, ...limits } = filesRequestSchema.parse(JSON.parse(await text(process.stdin)));
  dropRights(drop);
  const { files, unread } = await readSmallFiles(wanted, limits);
  const encoded = files.map((one) => ({ ...one, content: one.content.toString('base64') }));
  process.stdout.write(JSON.stringify({ files: encoded, unread } satisfies FilesAnswer));
}
