import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { IconButton } from './button.tsx';
import { focusFirst } from './focus-first.ts';
import './dialog.css';

/** A modal on the platform's own dialog element: focus is kept inside, Escape closes. */
export function Dialog(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = element.current;
    if (dialog === null || dialog.open) return;
    dialog.showModal();
    focusFirst(dialog);
  }, []);
  return (
    <dialog ref={element} className="dialog" aria-labelledby={titleId} onClose={props.onClose}>
      <header className="dialog-header">
        <h2 id={titleId}>{props.title}</h2>
        <IconButton label="Close" icon={<X />} onClick={() => element.current?.close()} />
      </header>
      <div className="dialog-body">{props.children}</div>
    </dialog>
  );
}
