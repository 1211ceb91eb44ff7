import { ProblemError } from '@barback/shared/wire/problem.ts';

const depthMax = 32;

/** The value of strict JSON in UTF-8. Refuses what parsers disagree about: repeated keys, lone surrogates, a byte order mark. */
export function parseJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  const flaw = flawOf(text);
  if (flaw !== null) throw malformed(flaw);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw malformed(error instanceof SyntaxError ? withoutEcho(error.message) : 'not JSON');
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed('the body is not UTF-8');
  }
}

/** What V8 says about a syntax error quotes the text; a body may hold secrets. */
function withoutEcho(message: string): string {
  return `the text is no JSON value${/position \d+/.exec(message)?.[0].replace(/^/, ' from ') ?? ''}`;
}

function malformed(detail: string): ProblemError {
  return new ProblemError('malformed-json', `Cannot read the body: ${detail}`, {
    next: 'Send one JSON object in UTF-8, each key once',
  });
}

/** Walks over strings and brackets once; everything else is left to JSON.parse. */
function flawOf(text: string): string | null {
  const token = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}[\]]/gsy;
  const between = /[^"{}[\]]*/gy;
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at = token.lastIndex) {
    between.lastIndex = at;
    between.test(text);
    if (between.lastIndex >= text.length) return null;
    token.lastIndex = between.lastIndex;
    const match = token.exec(text);
    if (!match) return 'a string does not end';
    const flaw = flawOfToken(match[0], match[1] !== undefined, open);
    if (flaw !== null) return flaw;
  }
  return null;
}

function flawOfToken(found: string, isKey: boolean, open: (Set<string> | null)[]): string | null {
  if (found === '{' || found === '[') {
    open.push(found === '{' ? new Set() : null);
    return open.length > depthMax ? `it is nested deeper than ${depthMax} levels` : null;
  }
  if (found === '}' || found === ']') {
    open.pop();
    return null;
  }
  const value = stringOf(isKey ? found.slice(0, found.lastIndexOf('"') + 1) : found);
  if (value === null) return 'a string is not a JSON string';
  if (!value.isWellFormed()) return 'a string holds half of a surrogate pair';
  const keys = open.at(-1);
  if (!isKey || !keys) return null;
  if (keys.has(value)) return 'an object has the same key twice';
  keys.add(value);
  return null;
}

function stringOf(literal: string): string | null {
  try {
    return JSON.parse(literal) as string;
  } catch {
    return null;
  }
}
