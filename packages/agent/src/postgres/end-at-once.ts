/** Settings that let a cleanly stopped cluster open on a new timeline: nothing is fetched, so recovery ends where its WAL ends. */
export function endAtOnceText(own: string): string {
  return `${own}# Until it is open: written by the Barback agent for an undo.\nrestore_command = '/bin/false'\nrecovery_target_timeline = 'current'\n`;
}
