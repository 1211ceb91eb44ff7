import { slotFactsSchema, type SlotFacts } from '@barback/shared/operations/protection-facts.ts';
import { slotNameSchema } from '@barback/shared/postgres/slot.ts';
import { ProblemError } from '@barback/shared/wire/problem.ts';
import { z } from 'zod';
import type { BarmanVersion } from '../barman/versions.ts';
import { isStreamingSql, slotsSql } from '../postgres/slot-sql.ts';
import { segmentBytesOf, walDirectories } from './barman-places.ts';
import { askJson, liveServer } from './copy-sql.ts';
import type { Call, Host } from './handler.ts';
import { diagnose, requireBarman } from './run-barman.ts';
import type { WalDirectories } from './wal-store.ts';

/** How Barman is configured to get WAL of this server. */
export interface Protection {
  readonly version: BarmanVersion;
  readonly streaming: boolean;
  readonly archiver: boolean;
  readonly slotName: string | null;
  readonly receiverName: string;
  readonly wal: WalDirectories;
  readonly baseDirectory: string;
  readonly lockDirectory: string;
  readonly segmentBytes: number;
}

/** As Barman says now: what is about to be dropped is not decided on what it said ten minutes ago. */
export async function readProtection(host: Host, call: Call): Promise<Protection> {
  const version = await requireBarman(host.server, call.signal);
  const diagnosis = await diagnose(host.server, version, call.signal);
  const {
    streaming_archiver: streaming,
    archiver,
    slot_name: slot,
    streaming_archiver_name,
    ...config
  } = diagnosis.config;
  return {
    version,
    streaming,
    archiver,
    slotName: streaming && slot ? slotNameOf(slot) : null,
    receiverName: streaming_archiver_name,
    wal: walDirectories(diagnosis),
    baseDirectory: config.basebackups_directory,
    lockDirectory: config.barman_lock_directory,
    segmentBytes: segmentBytesOf(diagnosis),
  };
}

function slotNameOf(text: string): string {
  const parsed = slotNameSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new ProblemError('barman-output-unknown', `Barman's slot_name is ${JSON.stringify(text)}`, {
    next: "correct slot_name in Barman's configuration: PostgreSQL accepts a-z, 0-9 and _",
  });
}

export const liveSlotsSchema = z.strictObject({
  timeline: z.int(),
  lsn: z.string(),
  inRecovery: z.boolean(),
  slots: z.array(slotFactsSchema),
  walBytes: z.int(),
});

export async function readSlots(host: Host, signal: AbortSignal): Promise<z.infer<typeof liveSlotsSchema>> {
  return askJson(liveServer(host), slotsSql, liveSlotsSchema, signal);
}

export async function readSlot(host: Host, name: string, signal: AbortSignal): Promise<SlotFacts | undefined> {
  return (await readSlots(host, signal)).slots.find((one) => one.name === name);
}

/** Whether the walsender of a slot is Barman's receive-wal, by the name that Barman gives it. */
export function isOfBarman({ usedBy }: SlotFacts, { receiverName }: Pick<Protection, 'receiverName'>): boolean {
  return usedBy !== null && usedBy.applicationName === receiverName;
}

/** Whether live streams to Barman now: through its slot, where there is one. */
export async function isReceiving(host: Host, protection: Protection, signal: AbortSignal): Promise<boolean> {
  if (protection.slotName !== null) {
    const slot = await readSlot(host, protection.slotName, signal);
    return slot !== undefined && isOfBarman(slot, protection);
  }
  const schema = z.strictObject({ streaming: z.boolean() });
  return (await askJson(liveServer(host), isStreamingSql(protection.receiverName), schema, signal)).streaming;
}
