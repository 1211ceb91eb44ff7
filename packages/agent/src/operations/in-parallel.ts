/**
 * Runs two pieces of work side by side under one signal. The first failure aborts the other, and is thrown once both have ended: what
 * comes after must not meet a piece that still writes.
 */
export async function inParallel<A, B>(
  signal: AbortSignal,
  one: (signal: AbortSignal) => Promise<A>,
  other: (signal: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
  const failed = new AbortController();
  const joint = AbortSignal.any([signal, failed.signal]);
  let first: { readonly error: unknown } | undefined;
  const watched = <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    work(joint).catch((error: unknown) => {
      first ??= { error };
      failed.abort(error);
      throw error;
    });
  const [a, b] = await Promise.allSettled([watched(one), watched(other)]);
  if (first) throw first.error;
  return [(a as PromiseFulfilledResult<A>).value, (b as PromiseFulfilledResult<B>).value];
}
