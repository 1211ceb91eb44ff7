/** What a place of a swap holds, told by the inode. */
export type Lies = 'old' | 'incoming' | 'other' | 'nothing';

export interface SwapPlaces {
  /** The live path. */
  readonly live: Lies;
  /** Where the old directory is kept. */
  readonly kept: Lies;
  /** Where the incoming directory waits. */
  readonly source: Lies;
}

export type SwapState = 'not-begun' | 'half' | 'done' | 'altered';

/**
 * How far a swap is, from what lies where; never from what was recorded as done. `half` is the instant between the two renames, of
 * a swap and of one that is put back alike: whoever goes on decides the direction. Anything else was done by somebody else. Pure.
 */
export function swapState({ live, kept, source }: SwapPlaces, hadOld: boolean): SwapState {
  if (!hadOld) {
    if (kept !== 'nothing') return 'altered';
    if (live === 'nothing' && source === 'incoming') return 'not-begun';
    return live === 'incoming' && source === 'nothing' ? 'done' : 'altered';
  }
  if (source === 'incoming' && live === 'old' && kept === 'nothing') return 'not-begun';
  if (source === 'incoming' && live === 'nothing' && kept === 'old') return 'half';
  if (source === 'nothing' && live === 'incoming' && kept === 'old') return 'done';
  return 'altered';
}

export interface Rename {
  readonly from: keyof SwapPlaces;
  readonly to: keyof SwapPlaces;
}

/**
 * The renames that are left on the way to either end; undefined when none leads there. What was live comes back also when the
 * incoming directory is not what it was: it is not needed for that. Pure.
 */
export function renamesTo(goal: 'done' | 'not-begun', places: SwapPlaces, hadOld: boolean): Rename[] | undefined {
  const keep: Rename = { from: 'live', to: 'kept' };
  const enter: Rename = { from: 'source', to: 'live' };
  const forward = hadOld ? [keep, enter] : [enter];
  const state = swapState(places, hadOld);
  if (state === 'altered') return goal === 'not-begun' ? withoutIncoming(places) : undefined;
  const reached = { 'not-begun': 0, half: 1, done: forward.length }[state];
  if (goal === 'done') return forward.slice(reached);
  return forward
    .slice(0, reached)
    .toReversed()
    .map(({ from, to }) => ({ from: to, to: from }));
}

function withoutIncoming({ live, kept }: SwapPlaces): Rename[] | undefined {
  if (live === 'old' && kept === 'nothing') return [];
  return live === 'nothing' && kept === 'old' ? [{ from: 'kept', to: 'live' }] : undefined;
}
