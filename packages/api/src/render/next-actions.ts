/** One thing to do next: a sentence and the line to paste. */
export interface NextAction {
  readonly say: string;
  readonly role?: 'operator' | 'approver';
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
}

/**
 * Lines ready to paste. The key is in a file with one header line, so that it shows in no process list;
 * `$BARBACK` is the address of the api.
 */
export function nextActions(actions: readonly NextAction[]): string | null {
  if (actions.length === 0) return null;
  return `next\n${actions.map((action) => `  # ${action.say}\n  ${curl(action)}\n`).join('')}`;
}

function curl({ role = 'operator', method = 'GET', path, body }: NextAction): string {
  const json = body === undefined ? '' : ` --json ${quoted(JSON.stringify(body))}`;
  const post = method === 'POST' && body === undefined ? ' -X POST' : '';
  return `curl -sS -H @${role}.header${post}${json} "$BARBACK${path}"`;
}

/** As a POSIX shell reads it: nothing is special between single quotes but the quote. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
