import type { FileEntry, PoolView } from '@rockpool/client-core';
import { ChevronDown, ChevronUp } from 'lucide-react';
import { useEffect, useState } from 'react';
import { bytesInWords, countInWords } from '../../ui/words.ts';
import { ProgressBar } from './progress-bar.tsx';
import { transferWords } from './transfer-words.ts';
import './transfer-tray.css';

/** Every transfer of every pool in one place, and the guard against closing the page meanwhile. */
export function TransferTray({ pools }: { readonly pools: readonly PoolView[] }) {
  // On a narrow screen an open tray would cover the conversation.
  const [open, setOpen] = useState(() => matchMedia('(min-width: 768px)').matches);
  const active = activeTransfers(pools);
  useLeaveGuard(active.length > 0);
  if (active.length === 0) return null;
  const speed = active.reduce((sum, entry) => sum + entry.transfer.bytesPerSecond, 0);
  return (
    <aside className="transfer-tray" aria-label="Transfers">
      <button
        type="button"
        className="transfer-tray-head"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {countInWords(active.length, 'transfer', 'transfers')} · {bytesInWords(speed)}/s
        {open ? <ChevronDown aria-hidden="true" /> : <ChevronUp aria-hidden="true" />}
      </button>
      {open && (
        <ul className="transfer-tray-list">
          {active.map((entry) => (
            <li key={entry.id}>
              <p className="transfer-tray-name">{entry.name}</p>
              <ProgressBar
                label={`Progress of ${entry.name}`}
                value={moved(entry)}
                max={Math.max(1, entry.size)}
              />
              <p className="soft small">{transferWords(entry)}</p>
            </li>
          ))}
        </ul>
      )}
    </aside>
  );
}

function activeTransfers(pools: readonly PoolView[]): readonly FileEntry[] {
  const active: FileEntry[] = [];
  for (const pool of pools) {
    for (const entry of pool.entries) {
      if (entry.kind === 'file' && (entry.transfer.state === 'receiving' || sending(entry))) {
        active.push(entry);
      }
    }
  }
  return active;
}

function sending(entry: FileEntry): boolean {
  return entry.transfer.state === 'complete' && entry.transfer.bytesPerSecond > 0;
}

function moved(entry: FileEntry): number {
  return sending(entry) ? Math.min(entry.size, entry.transfer.bytesSent) : entry.transfer.bytesHeld;
}

function useLeaveGuard(active: boolean): void {
  useEffect(() => {
    if (!active) return;
    const guard = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', guard);
    return () => window.removeEventListener('beforeunload', guard);
  }, [active]);
}
