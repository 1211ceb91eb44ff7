import type { Json } from '@barback/shared/wire/json.ts';

/** The part of JSONPath (RFC 9535) that names one place: `$`, `.name`, `[0]` and `['name']`. */
export const jsonPathPattern = /^\$(\.[A-Za-z_][A-Za-z0-9_-]*|\[\d{1,6}\]|\['[^'\\]{1,64}'\])*$/;

/** The value at a path; undefined where there is none. */
export function valueAt(value: Json, path: string): Json | undefined {
  let here: Json | undefined = value;
  for (const [, name, index, quoted] of path.matchAll(
    /\.([A-Za-z_][A-Za-z0-9_-]*)|\[(\d{1,6})\]|\['([^'\\]{1,64})'\]/g,
  )) {
    here = index === undefined ? member(here, name ?? quoted ?? '') : element(here, Number(index));
  }
  return here;
}

function member(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? (value as Readonly<Record<string, Json>>)[name] : undefined;
}

function element(value: Json | undefined, index: number): Json | undefined {
  return Array.isArray(value) ? (value as readonly Json[])[index] : undefined;
}
