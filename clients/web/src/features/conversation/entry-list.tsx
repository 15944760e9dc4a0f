// The conversation, newest at the bottom. Only what is near the screen is in the document, so that
// ten thousand messages scroll like ten. It sticks to the bottom until the reader scrolls up.

import type { Entry, PoolView } from '@rockpool/client-core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { countInWords } from '../../ui/words.ts';
import { EntryRow } from './entry-row.tsx';
import './entry-list.css';

/** Closer than this to the end counts as reading the newest. */
const BOTTOM_SLACK_PX = 80;
const ROW_GUESS_PX = 64;
const OVERSCAN_ROWS = 12;
/** What scrolls must be reached by the keyboard, also when nothing in it can be pressed (WCAG 2.1.1). */
const IN_TAB_ORDER = 0;

export function EntryList({ pool }: { readonly pool: PoolView }) {
  const { entries } = pool;
  const scroller = useRef<HTMLElement>(null);
  const [atBottom, setAtBottom] = useState(true);
  const [seen, setSeen] = useState(entries.length);
  const virtualizer = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_GUESS_PX,
    getItemKey: (index) => entries[index]?.id ?? index,
    overscan: OVERSCAN_ROWS,
  });
  const height = virtualizer.getTotalSize();

  // After every growth (a new entry, or a row measured taller) a reader at the end stays there.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element !== null && atBottom && height > 0) element.scrollTop = element.scrollHeight;
  }, [atBottom, height]);
  useEffect(() => {
    if (atBottom) setSeen(entries.length);
  }, [atBottom, entries.length]);

  const onScroll = () => {
    const element = scroller.current;
    if (element === null) return;
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    setAtBottom(below < BOTTOM_SLACK_PX);
  };
  const unseen = entries.length - seen;

  return (
    <div className="entry-list-frame">
      <section
        ref={scroller}
        className="entry-list"
        aria-label="Conversation"
        tabIndex={IN_TAB_ORDER}
        onScroll={onScroll}
      >
        <ol aria-label="Messages" className="entry-list-space" style={{ height }}>
          {virtualizer.getVirtualItems().map((item) => {
            const entry = entries[item.index];
            if (entry === undefined) return null;
            return (
              <li
                key={item.key}
                ref={virtualizer.measureElement}
                data-index={item.index}
                className="entry-list-item"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <EntryRow entry={entry} before={entries[item.index - 1]} poolId={pool.id} />
              </li>
            );
          })}
        </ol>
      </section>
      <LastEntryAloud entry={entries.at(-1)} />
      {unseen > 0 && !atBottom && (
        <span className="entry-list-new">
          <Button
            look="primary"
            icon={<ArrowDown aria-hidden="true" />}
            onClick={() => setAtBottom(true)}
          >
            {countInWords(unseen, 'new message', 'new messages')}
          </Button>
        </span>
      )}
    </div>
  );
}

/** A virtual list cannot be a live region itself: rows come and go as one scrolls. */
function LastEntryAloud({ entry }: { readonly entry: Entry | undefined }) {
  const words =
    entry === undefined || entry.mine
      ? ''
      : entry.kind === 'text'
        ? `${entry.author.name}: ${entry.text}`
        : entry.kind === 'file'
          ? `${entry.author.name} sent the file ${entry.name}`
          : `${entry.author.name} joined`;
  return (
    <p className="visually-hidden" aria-live="polite">
      {words}
    </p>
  );
}
