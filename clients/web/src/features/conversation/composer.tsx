import type { PoolView } from '@rockpool/client-core';
import { Paperclip, SendHorizontal } from 'lucide-react';
import { type ClipboardEvent, type KeyboardEvent, useRef, useState } from 'react';
import { useServices } from '../../app/rockpool-context.ts';
import { IconButton } from '../../ui/button.tsx';
import { Failure } from '../../ui/failure.tsx';
import { useAction } from '../../ui/use-action.ts';
import { fileSource } from '../files/file-source.ts';
import './composer.css';

/** Enter sends, Shift+Enter begins a new line, files can be picked or pasted. */
export function Composer({ pool }: { readonly pool: PoolView }) {
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
  const offer = async (files: Iterable<File>) => {
    for (const file of files) await run(() => rockpool.offerFile(pool.id, fileSource(file)));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // An input method's own Enter (isComposing) only picks a word.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void send();
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = event.clipboardData.files;
    if (files.length === 0) return;
    event.preventDefault();
    void offer(files);
  };

  return (
    <div className="composer">
      {error !== undefined && <Failure error={error} />}
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
