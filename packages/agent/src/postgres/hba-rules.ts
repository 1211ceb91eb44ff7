/** One rule of pg_hba.conf that decides about roles by name. Text has one character for each byte of the file. */
export interface HbaRule {
  readonly type: string;
  /** As written. */
  readonly database: string;
  readonly databases: readonly HbaName[];
  readonly user: string;
  readonly users: readonly HbaName[];
  /** Everything behind the users, as written but without a comment. */
  readonly rest: string;
  readonly rejects: boolean;
}

export interface HbaName {
  readonly text: string;
  /** A keyword in quotes is a name like any other. */
  readonly isQuoted: boolean;
}

interface Field {
  readonly names: readonly HbaName[];
  readonly start: number;
  readonly end: number;
}

const types = new Set(['local', 'host', 'hostssl', 'hostnossl', 'hostgssenc', 'hostnogssenc']);

/** The rules of a file in their order; directives (include, since 16) and lines that PostgreSQL refuses are left out. */
export function hbaRules(text: string): HbaRule[] {
  return logicalLines(text).flatMap((line) => ruleOf(line) ?? []);
}

/** A backslash at the very end of a line, a comment's too, joins it with the next (14–18, hba.c, tokenize_auth_file). */
function logicalLines(text: string): string[] {
  const lines = text.split('\n').map((line) => line.replace(/\r+$/, ''));
  const joined: string[] = [];
  let open = '';
  for (const line of lines) {
    if (line.endsWith('\\')) {
      open += line.slice(0, -1);
      continue;
    }
    joined.push(open + line);
    open = '';
  }
  return open === '' ? joined : [...joined, open];
}

function ruleOf(line: string): HbaRule | null {
  const fields = fieldsOf(line);
  const [type, database, user, ...rest] = fields;
  const last = rest.at(-1);
  if (!type || !database || !user || !last) return null;
  const [keyword] = type.names;
  if (type.names.length !== 1 || keyword === undefined || !types.has(keyword.text)) return null;
  return {
    type: keyword.text,
    database: line.slice(database.start, database.end),
    databases: database.names,
    user: line.slice(user.start, user.end),
    users: user.names,
    rest: line.slice(user.end, last.end),
    rejects: methodOf(keyword.text, rest) === 'reject',
  };
}

/** Behind the users of `local`; else behind the address, or behind its mask (hba.c, parse_hba_line). */
function methodOf(type: string, rest: readonly Field[]): string | undefined {
  const words = rest.map((field) => field.names[0]?.text ?? '');
  if (type === 'local') return words[0];
  const [address = '', second = ''] = words;
  const takesMask = /^[0-9a-fA-F.:]+$/.test(address) && /[.:]/.test(address) && /^[0-9a-fA-F.:]+$/.test(second);
  return takesMask ? words[2] : second;
}

/** Fields are separated by blanks, names within one by commas (hba.c, next_field_expand). */
function fieldsOf(line: string): Field[] {
  const fields: Field[] = [];
  let position = 0;
  for (;;) {
    const field = nextField(line, position);
    if (!field) return fields;
    fields.push(field);
    position = field.end;
  }
}

function nextField(line: string, from: number): Field | null {
  const names: HbaName[] = [];
  let start: number | undefined;
  let position = from;
  for (;;) {
    const token = nextToken(line, position);
    if (!token) break;
    start ??= token.start;
    names.push({ text: token.text, isQuoted: token.isQuoted });
    position = token.end;
    if (line[position] !== ',') break;
    position += 1;
  }
  return start === undefined ? null : { names, start, end: position };
}

/** One word: up to a blank, a comma or a comment outside of quotes; two quotes within quotes are one (hba.c, next_token). */
function nextToken(line: string, from: number): (HbaName & { readonly start: number; readonly end: number }) | null {
  let start = from;
  while (start < line.length && /[ \t\r,]/.test(line.charAt(start))) start += 1;
  if (start >= line.length || line[start] === '#') return null;
  let text = '';
  let inQuotes = false;
  let wasQuote = false;
  let end = start;
  for (; end < line.length; end += 1) {
    const char = line.charAt(end);
    if (!inQuotes && /[ \t\r,#]/.test(char)) break;
    if (char === '"') {
      if (inQuotes) wasQuote = true;
      else if (wasQuote) {
        text += '"';
        wasQuote = false;
      }
      inQuotes = !inQuotes;
      continue;
    }
    wasQuote = false;
    text += char;
  }
  return { text, isQuoted: line[start] === '"', start, end };
}
