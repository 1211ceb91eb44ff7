import type { ChannelView } from '../notify/channel-view.ts';
import { page, section, table } from './layout.ts';
import { instant } from './units.ts';

/** One line per channel, then what it was told last. */
export function renderChannels(view: { readonly channels: readonly ChannelView[] }, now: number): string {
  if (view.channels.length === 0) return 'no channels: name them under notify in the configuration of the api\n';
  const rows = table(
    ['CHANNEL', 'KIND', 'SERVERS', 'STATE', 'NOT DELIVERED'],
    view.channels.map((one) => [
      one.name,
      one.kind,
      one.servers?.join(', ') ?? 'all',
      one.disabled === null ? 'enabled' : `DISABLED ${instant(one.disabled.at, now)}: ${one.disabled.reason}`,
      String(one.deliveries.filter(({ state }) => state !== 'delivered').length),
    ]),
  );
  return page(rows, ...view.channels.map((one) => section(one.name, deliveries(one, now))));
}

function deliveries({ deliveries: all }: ChannelView, now: number): string {
  if (all.length === 0) return '';
  return table(
    ['  MESSAGE', 'SERVER', 'MADE', 'STATE', 'TRIES', 'NEXT TRY', 'ERROR'],
    all.map((one) => [
      `  ${one.type}`,
      one.server ?? '-',
      instant(one.createdAt, now),
      one.state,
      String(one.tries),
      instant(one.nextTryAt, now),
      one.error ?? '-',
    ]),
  );
}
