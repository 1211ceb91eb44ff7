export interface LargeFile {
  readonly path: string;
  readonly bytes: number;
}

/** A part of a file: `skip` and `bytes` are whole mebibytes but for the end of the file. */
export interface Piece {
  readonly path: string;
  readonly skipMebibytes: number;
  readonly bytes: number;
}

const mebibyte = 1024 ** 2;
const pieceMebibytes = 64;

/** Files of a mebibyte or more: of smaller ones a read costs as much as the first query does. Names end with a null (find, GNU). */
export function largeFilesArgv(roots: readonly string[]): string[] {
  return ['/usr/bin/find', ...roots, '-xdev', '-type', 'f', '-size', '+1023k', '-printf', '%s %p\\0'];
}

export function parseLargeFiles(output: string): LargeFile[] {
  return output.split('\0').flatMap((entry) => {
    const [, size, path] = /^(\d+) ([^]+)$/.exec(entry) ?? [];
    return size === undefined || path === undefined ? [] : [{ path, bytes: Number(size) }];
  });
}

/** In the order of the files, up to a number of bytes. */
export function* piecesToRead(files: readonly LargeFile[], bytesMax: number): Generator<Piece> {
  let left = bytesMax;
  for (const { path, bytes } of files) {
    for (let at = 0; at < bytes && left > 0; at += pieceMebibytes * mebibyte) {
      const piece = Math.min(pieceMebibytes * mebibyte, bytes - at, left);
      yield { path, skipMebibytes: at / mebibyte, bytes: piece };
      left -= piece;
    }
  }
}

export function readPieceArgv({ path, skipMebibytes }: Piece): string[] {
  const count = [`skip=${skipMebibytes}`, `count=${pieceMebibytes}`];
  return ['/usr/bin/dd', `if=${path}`, 'of=/dev/null', 'bs=1M', ...count, 'iflag=nofollow,nonblock', 'status=none'];
}
