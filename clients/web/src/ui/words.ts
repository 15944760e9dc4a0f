// Numbers and times as people read them.

export { bytesInWords, countInWords, secondsInWords } from '@rockpool/client-core';

/** Minutes and seconds, as on a kitchen clock. */
export function countdownInWords(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** What is said aloud of a countdown: nothing at first, then little enough not to disturb. */
export function countdownMilestone(leftMs: number): string {
  if (leftMs <= 0) return 'The time is over';
  if (leftMs <= 20_000) return 'Less than 20 seconds left';
  return leftMs <= 60_000 ? 'Less than a minute left' : '';
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

export function timeInWords(timeMs: number): string {
  return clock.format(timeMs);
}

export function dayInWords(timeMs: number, nowMs: number): string {
  const startOf = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);
  const days = Math.round((startOf(nowMs) - startOf(timeMs)) / (24 * 3600 * 1000));
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return day.format(timeMs);
}
