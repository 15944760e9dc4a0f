import type { PoolView } from '@rockpool/client-core';
import { Paperclip, SendHorizontal } from 'lucide-react';
import { type ClipboardEvent, type KeyboardEvent, useRef, useState } from 'react';
import { useServices } from '../../app/rockpool-context.ts';
import { IconButton } from '../../ui/button.tsx';
import { Failure } from '../../ui/failure.tsx';
import { useAction } from '../../ui/use-action.ts';
import { ProgressBar } from '../files/progress-bar.tsx';
import type { Offer } from '../files/use-offer.ts';
import './composer.css';

/** Enter sends, Shift+Enter begins a new line, files can be picked or pasted. */
export function Composer(props: { readonly pool: PoolView; readonly offer: Offer }) {
  const { pool } = props;
  const { offer, preparing } = props.offer;
  const { rockpool } = useServices();
  const { error, run } = useAction();
  const [text, setText] = useState('');
  const picker = useRef<HTMLInputElement>(null);
  const paused = pool.alarm?.level === 'stop';

  const send = async () => {
    const message = text.trim();
    if (message === '' || paused) return;
    setText('');
    const sent = await run(() => rockpool.sendText(pool.id, message));
    if (!sent.ok) setText((newer) => (newer === '' ? message : newer));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // An input method's own Enter (isComposing) only picks a word.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void send();
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = [...event.clipboardData.files];
    if (files.length === 0) return;
    event.preventDefault();
    void offer(files);
  };

  return (
    <div className="composer">
      {error !== undefined && <Failure error={error} />}
      {props.offer.error !== undefined && <Failure error={props.offer.error} />}
      {preparing !== undefined && (
        <div className="composer-preparing small" role="status">
          Preparing {preparing.name}
          <ProgressBar
            label={`Preparing ${preparing.name}`}
            value={preparing.bytesRead}
            max={Math.max(1, preparing.size)}
          />
        </div>
      )}
      <div className="composer-row">
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          onChange={(event) => {
            void offer([...(event.target.files ?? [])]);
            event.target.value = '';
          }}
        />
        <IconButton
          label="Attach files"
          icon={<Paperclip />}
          disabled={paused}
          onClick={() => picker.current?.click()}
        />
        <textarea
          aria-label="Message"
          placeholder={`Message ${pool.name}`}
          rows={1}
          value={text}
          disabled={paused}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
        <IconButton
          label="Send"
          icon={<SendHorizontal />}
          disabled={paused || text.trim() === ''}
          onClick={() => void send()}
        />
      </div>
    </div>
  );
}
