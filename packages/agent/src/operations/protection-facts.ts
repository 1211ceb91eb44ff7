import { slotsSql } from '../postgres/slot-sql.ts';
import { askIfAnswering } from './ask-live.ts';
import { serverProcess } from './copy-process.ts';
import type { Handler } from './handler.ts';
import { liveSlotsSchema, readProtection } from './protection.ts';

/** Live that is stopped or silent is an answer too. */
export const protectionFacts: Handler<'protection-facts'> = {
  async perform(host, _params, call) {
    const { streaming, archiver, slotName, receiverName } = await readProtection(host, call);
    const configured = { streaming, archiver, slotName, receiverName };
    if (!(await serverProcess(host.server.postgres.dataDirectory))) return { ...configured, live: null };
    const live = await askIfAnswering(host, { sql: slotsSql }, liveSlotsSchema, call);
    return { ...configured, live };
  },
};
