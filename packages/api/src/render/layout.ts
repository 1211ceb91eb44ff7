import { plain } from './plain.ts';

/** Rows under a header, each column as wide as its widest cell; numbers are given as text. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, ...rows.map((row) => row.map(plain))];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** `name  value` lines, aligned; a pair without a value is left out. */
export function fields(pairs: readonly (readonly [name: string, value: string | null])[]): string {
  const shown = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== null);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${plain(value)}\n`).join('');
}

/** Parts under each other with an empty line between; empty ones are left out. */
export function page(...parts: readonly (string | null)[]): string {
  return parts
    .filter((part) => part !== null && part !== '')
    .map((part) => (part?.endsWith('\n') ? part : `${part}\n`))
    .join('\n');
}

/** A title and its text; nothing when the text is empty. */
export function section(title: string, text: string): string | null {
  return text === '' ? null : `${title}\n${text}`;
}
