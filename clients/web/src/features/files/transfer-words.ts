// What a file's card and the tray say about its transfer.

import type { FileEntry } from '@rockpool/client-core';
import { bytesInWords, countInWords, secondsInWords } from '../../ui/words.ts';

export function transferWords(entry: FileEntry): string {
  const { transfer } = entry;
  switch (transfer.state) {
    case 'waiting':
      return entry.mine ? sharedWords(entry) : 'Waiting for somebody who has it to come online';
    case 'receiving': {
      const parts = [`${bytesInWords(transfer.bytesHeld)} of ${bytesInWords(entry.size)}`];
      if (transfer.bytesPerSecond > 0) parts.push(`${bytesInWords(transfer.bytesPerSecond)}/s`);
      if (transfer.secondsLeft !== undefined) parts.push(secondsInWords(transfer.secondsLeft));
      return parts.join(' · ');
    }
    case 'failed':
      return 'Stopped. It can be tried again.';
    case 'complete':
      return entry.mine ? sharedWords(entry) : 'Complete, and checked block by block';
  }
}

function sharedWords(entry: FileEntry): string {
  const others = entry.transfer.completeOn - 1;
  if (others > 0) return `On ${countInWords(others, 'other device', 'other devices')}`;
  if (entry.transfer.bytesSent > 0) {
    return `Sending · ${bytesInWords(entry.transfer.bytesSent)} of ${bytesInWords(entry.size)}`;
  }
  return 'Waits here until somebody comes online';
}

/** "direct from Calm Otter · 0 bytes through the server", from the transport's own counters. */
export function pathWords(entry: FileEntry): string | undefined {
  const { sources, bytesThroughServer } = entry.transfer;
  if (sources.length === 0) return undefined;
  const direction = entry.mine ? 'to' : 'from';
  const through = bytesThroughServer === 0 ? '0 bytes' : bytesInWords(bytesThroughServer);
  return `direct ${direction} ${sources.join(', ')} · ${through} through the server`;
}
