/** Does the work on so many items at once, in order; a server that is flooded answers nobody in time. */
export async function inBatches<Item, Done>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Done>,
): Promise<Done[]> {
  const done: Done[] = [];
  while (done.length < items.length) {
    const batch = items.slice(done.length, done.length + atOnce);
    done.push(...(await Promise.all(batch.map(work))));
  }
  return done;
}
