import type { Named } from '@barback/shared/operations/content-facts.ts';
import type { FindingFacts, Rule } from './rule.ts';

const slotsMax = 10;

const preparedTransactions: Rule = (facts) => {
  const found = facts.host.content?.preparedTransactions;
  if (!found || found.count === 0) return null;
  return {
    code: 'prepared-transactions',
    severity: ofLiveOnly(facts),
    title: 'Transactions are prepared and neither committed nor rolled back',
    detail: `${list(found)}. Those prepared at the target stay in doubt in the restored server and hold their locks.`,
    remedy:
      "End them on live with COMMIT PREPARED or ROLLBACK PREPARED; in a restored server do the same, as the transaction manager's own log decides.",
  };
};

const unloggedTables: Rule = (facts) => {
  const found = facts.host.content?.unloggedTables;
  if (!found || found.count === 0) return null;
  return {
    code: 'unlogged-tables',
    severity: ofLiveOnly(facts),
    title: 'Unlogged tables are empty in every restored server',
    detail: `${list(found)}. Their rows are in no WAL, and recovery empties them.`,
    remedy: 'ALTER TABLE … SET LOGGED for those whose rows matter; fill the others anew after a restore.',
  };
};

const logicalSlots: Rule = (facts) => {
  const slots = (facts.host.protection.live?.slots ?? []).filter((slot) => slot.type === 'logical');
  if (slots.length === 0) return null;
  const names = slots.slice(0, slotsMax).map((slot) => `${slot.name} (database ${slot.database})`);
  return {
    code: 'logical-slots',
    severity: ofLiveOnly(facts),
    title: 'Logical replication slots are in no backup',
    detail: `${list({ count: slots.length, names })}. A restored server has none of them: what reads from them loses its place.`,
    remedy:
      'After a restore of live, make each slot anew and let its reader begin with a fresh copy of the data; drop now those that nobody reads.',
  };
};

const logicalReplication: Rule = (facts) => {
  const { content } = facts.host;
  if (!content) return null;
  const { publications, subscriptions } = content;
  const parts = [
    ...(publications.count === 0 ? [] : [`publications ${list(publications)}`]),
    ...(subscriptions.count === 0 ? [] : [`subscriptions ${list(subscriptions)}`]),
  ];
  if (parts.length === 0) return null;
  return {
    code: 'logical-replication',
    severity: ofLiveOnly(facts),
    title: 'Live takes part in logical replication',
    detail: `${parts.join('; ')}. Subscribers keep what a restore undoes; a restored subscription takes from its publisher what the first one still needs.`,
    remedy:
      facts.touches === 'live'
        ? 'The run disables the subscriptions before anybody is let in and asks before it enables them; copy the data anew on each subscriber of the restored server; drop now those that are not needed.'
        : 'Before a restored server serves: ALTER SUBSCRIPTION … DISABLE, then copy the data anew on each subscriber; drop now those that are not needed.',
  };
};

/** A copy is not harmed by what it lacks. */
function ofLiveOnly({ touches }: FindingFacts): 'confirm' | 'info' {
  return touches === 'live' ? 'confirm' : 'info';
}

function list({ count, names }: Named): string {
  return count > names.length ? `${names.join(', ')} and ${count - names.length} more` : names.join(', ');
}

export const contentRules: readonly Rule[] = [preparedTransactions, unloggedTables, logicalSlots, logicalReplication];
