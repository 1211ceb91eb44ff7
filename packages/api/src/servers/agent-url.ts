/** The origin of an https address without anything else; undefined when it is another thing. */
export function agentUrlOf(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'https:' || url.pathname !== '/' || url.search !== '' || url.username !== '') return undefined;
  return url.origin;
}
