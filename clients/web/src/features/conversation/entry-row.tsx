import type { Entry, Id, TextEntry } from '@rockpool/client-core';
import { Check, CheckCheck, Clock3 } from 'lucide-react';
import { memo } from 'react';
import { Avatar } from '../../ui/avatar.tsx';
import { countInWords, dayInWords, timeInWords } from '../../ui/words.ts';
import { FileCard } from '../files/file-card.tsx';
import './entry-row.css';

/** Entries of one author closer than this are shown as one group. */
const GROUP_MS = 5 * 60 * 1000;

/** One entry, with a day line and its author's name where a new day or group begins. */
export const EntryRow = memo(function EntryRow(props: {
  readonly entry: Entry;
  readonly before: Entry | undefined;
  readonly poolId: Id;
}) {
  const { entry, before } = props;
  const day = dayInWords(entry.timeMs, Date.now());
  const newDay = before === undefined || dayInWords(before.timeMs, Date.now()) !== day;
  if (entry.kind === 'joined') {
    return (
      <>
        {newDay && <DayLine day={day} />}
        <p className="entry-joined soft small">
          {entry.mine ? 'You joined' : `${entry.author.name} joined`} · {timeInWords(entry.timeMs)}
        </p>
      </>
    );
  }
  const newGroup =
    newDay ||
    before.kind === 'joined' ||
    before.author.userId !== entry.author.userId ||
    entry.timeMs - before.timeMs > GROUP_MS;
  return (
    <>
      {newDay && <DayLine day={day} />}
      <article className="entry" data-group={newGroup}>
        {newGroup ? <Avatar name={entry.author.name} hue={entry.author.hue} /> : <span />}
        <div className="entry-content">
          {newGroup && (
            <p className="entry-author">
              <strong>{entry.mine ? `${entry.author.name} (you)` : entry.author.name}</strong>{' '}
              <time className="soft small" dateTime={new Date(entry.timeMs).toISOString()}>
                {timeInWords(entry.timeMs)}
              </time>
            </p>
          )}
          {entry.kind === 'text' ? (
            <TextContent entry={entry} />
          ) : (
            <FileCard entry={entry} poolId={props.poolId} />
          )}
        </div>
      </article>
    </>
  );
});

function TextContent({ entry }: { readonly entry: TextEntry }) {
  return (
    <p className="entry-text">
      <span>{entry.text}</span>
      {entry.mine && <Delivery heldByOthers={entry.heldByOthers} />}
    </p>
  );
}

/** "Sent" is only said once another device holds it: nothing is kept on a server. */
function Delivery({ heldByOthers }: { readonly heldByOthers: number }) {
  const words =
    heldByOthers === 0
      ? 'Waiting for another device'
      : `On ${countInWords(heldByOthers, 'other device', 'other devices')}`;
  const Icon = heldByOthers === 0 ? Clock3 : heldByOthers === 1 ? Check : CheckCheck;
  return (
    <span className="entry-delivery" title={words}>
      <Icon aria-hidden="true" />
      <span className="visually-hidden">{words}</span>
    </span>
  );
}

function DayLine({ day }: { readonly day: string }) {
  return (
    <p className="entry-day">
      <span>{day}</span>
    </p>
  );
}
