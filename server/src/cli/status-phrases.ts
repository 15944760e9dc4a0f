// How times and lists read in what is told to an operator.

/** "2", "2 and 3", "1, 2 and 3". */
export function listOf(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}

export function secondsOf(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.round(ms / 1000)} s`;
}

/** "12 s", "5 min", "3 h", "2 days": how long ago something was. */
export function ageOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** 0 is the meta group: "meta, shards 1-5 and 9". */
export function groupsOf(groups: readonly number[]): string {
  const ranges: string[] = [];
  const shards = groups.filter((group) => group !== 0).toSorted((a, b) => a - b);
  for (let from = 0, to = 0; from < shards.length; from = to) {
    to = from + 1;
    while (to < shards.length && shards[to] === (shards[to - 1] ?? 0) + 1) to += 1;
    ranges.push(to - from === 1 ? `${shards[from]}` : `${shards[from]}-${shards[to - 1]}`);
  }
  const named =
    shards.length === 0 ? [] : [`${shards.length === 1 ? 'shard' : 'shards'} ${listOf(ranges)}`];
  return [...(groups.includes(0) ? ['meta'] : []), ...named].join(', ');
}
