import { createReadStream } from 'node:fs';
import { auditVerifier, type KnownHead } from '@barback/shared/audit/verify.ts';
import { exportEvents } from '../audit/export-events.ts';
import { UsageError, type Command } from './command.ts';
import { linesOf } from './lines-of.ts';
import { withLocal } from './open-local.ts';

export const auditVerify: Command = {
  words: ['audit', 'verify'],
  positionals: ['FILE'],
  options: { head: { value: 'SEQ:HASH' } },
  says: 'verify an exported log offline; with --head also that it still contains the newest event that you kept',
  async run(given) {
    const verifier = auditVerifier(headOf(given.maybe('head')));
    for await (const line of linesOf(createReadStream(given.positionals[0] ?? ''))) verifier.add(line);
    const verdict = verifier.finish();
    if (verdict.ok) {
      const { log, events, head } = verdict;
      process.stdout.write(`intact: ${events} events of log ${log}, head ${head.seq}:${head.leaf}\n`);
      return 0;
    }
    process.stderr.write(`NOT intact: ${verdict.line === 0 ? '' : `line ${verdict.line}: `}${verdict.reason}\n`);
    return 1;
  },
};

export const auditExport: Command = {
  words: ['audit', 'export'],
  positionals: [],
  options: { config: { value: 'FILE', required: true } },
  says: 'print the whole log, one event a line, as GET /v1/audit/export does',
  run: (given) =>
    withLocal(given, async ({ database }) => {
      for (const line of exportEvents(database)) {
        if (!process.stdout.write(line)) await new Promise((resolve) => process.stdout.once('drain', resolve));
      }
      return 0;
    }),
};

function headOf(text: string | undefined): KnownHead | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (!match) throw new UsageError('--head is the number and hash of an event, such as 41:9f86d0…');
  return { seq: Number(match[1]), leaf: match[2] ?? '' };
}
