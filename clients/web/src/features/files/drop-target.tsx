import type { PoolView } from '@rockpool/client-core';
import { type DragEvent, type ReactNode, useRef, useState } from 'react';
import './drop-target.css';

/** The whole conversation takes dropped files, and says into which pool they will go. */
export function DropTarget(props: {
  readonly pool: PoolView;
  readonly onFiles: (files: readonly File[]) => Promise<void>;
  readonly children: ReactNode;
}) {
  const [over, setOver] = useState(false);
  // Children fire leave events of their own: only the last leave ends the drag.
  const depth = useRef(0);
  const move = (event: DragEvent, step: number) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    depth.current = Math.max(0, depth.current + step);
    setOver(depth.current > 0);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    depth.current = 0;
    setOver(false);
    void props.onFiles([...event.dataTransfer.files]);
  };
  return (
    <section
      className="drop-target"
      aria-label={props.pool.name}
      onDragEnter={(event) => move(event, 1)}
      onDragOver={(event) => move(event, 0)}
      onDragLeave={(event) => move(event, -1)}
      onDrop={drop}
    >
      {props.children}
      {over && <p className="drop-target-over">Drop to share in “{props.pool.name}”</p>}
    </section>
  );
}
