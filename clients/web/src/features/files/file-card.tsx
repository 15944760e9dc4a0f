import type { FileEntry, Id } from '@rockpool/client-core';
import { Download, File as FileIcon, RotateCw } from 'lucide-react';
import { useServices } from '../../app/rockpool-context.ts';
import { Button } from '../../ui/button.tsx';
import { Failure } from '../../ui/failure.tsx';
import { useAction } from '../../ui/use-action.ts';
import { bytesInWords } from '../../ui/words.ts';
import { ImagePreview } from './image-preview.tsx';
import { ProgressBar } from './progress-bar.tsx';
import { saveToDisk } from './save-to-disk.ts';
import { pathWords, transferWords } from './transfer-words.ts';
import './file-card.css';

export function FileCard({ entry, poolId }: { readonly entry: FileEntry; readonly poolId: Id }) {
  const services = useServices();
  const { busy, error, run } = useAction();
  const { transfer } = entry;
  const path = pathWords(entry);
  return (
    <section className="file-card" aria-label={`File ${entry.name}`}>
      {transfer.state === 'complete' && <ImagePreview entry={entry} poolId={poolId} />}
      <div className="file-card-row">
        <FileIcon aria-hidden="true" className="file-card-icon" />
        <div className="file-card-words">
          <p className="file-card-name">{entry.name}</p>
          <p className="soft small">{bytesInWords(entry.size)}</p>
        </div>
        {transfer.state === 'complete' && (
          <Button
            icon={<Download aria-hidden="true" />}
            busy={busy}
            aria-label={`Save ${entry.name}`}
            onClick={() => run(() => saveToDisk(services, poolId, entry))}
          >
            Save
          </Button>
        )}
        {(transfer.state === 'failed' || (transfer.state === 'waiting' && !entry.mine)) && (
          <Button
            icon={<RotateCw aria-hidden="true" />}
            busy={busy}
            aria-label={`Fetch ${entry.name}`}
            onClick={() => run(() => services.rockpool.fetchFile(poolId, entry.id))}
          >
            Fetch
          </Button>
        )}
      </div>
      {transfer.state === 'receiving' && (
        <ProgressBar
          label={`Receiving ${entry.name}`}
          value={transfer.bytesHeld}
          max={Math.max(1, entry.size)}
        />
      )}
      <p className="small">{transferWords(entry)}</p>
      {path !== undefined && <p className="file-card-path small">{path}</p>}
      {error !== undefined && <Failure error={error} />}
    </section>
  );
}
