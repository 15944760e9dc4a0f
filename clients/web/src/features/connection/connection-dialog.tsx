import type { ConnectionReport, Finding, PeerFinding } from '@rockpool/client-core';
import { figuresInWords } from '@rockpool/client-core';
import { LoaderCircle, RefreshCw } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useServices } from '../../app/rockpool-context.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Failure } from '../../ui/failure.tsx';
import { useAction } from '../../ui/use-action.ts';
import { DEVICE_KINDS } from '../devices/device-kinds.ts';
import './connection-dialog.css';
import { ToneMark } from './tone-mark.tsx';

/** How this device's network and connections are, measured when it opens and whenever asked. */
export function ConnectionDialog({ onClose }: { readonly onClose: () => void }) {
  const { rockpool } = useServices();
  const { busy, error, run } = useAction();
  const [report, setReport] = useState<ConnectionReport>();
  const begun = useRef(false);
  const check = async () => {
    const result = await run(() => rockpool.checkConnection());
    if (result.ok) setReport(result.value);
  };
  useEffect(() => {
    // React runs effects twice while developing; one check is enough.
    if (begun.current) return;
    begun.current = true;
    void check();
  });
  return (
    <Dialog title="Connection check" onClose={onClose}>
      <div className="connection">
        <p role="status" className="connection-status">
          {busy ? (
            <>
              <LoaderCircle aria-hidden="true" /> Checking, this takes a few seconds…
            </>
          ) : (
            report !== undefined && (
              <>
                <ToneMark tone={report.tone} /> <strong>{report.summary}</strong>
              </>
            )
          )}
        </p>
        {error !== undefined && <Failure error={error} />}
        {report !== undefined && <Report report={report} />}
        <div className="dialog-actions">
          <Button icon={<RefreshCw aria-hidden="true" />} busy={busy} onClick={check}>
            Check again
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

function Report({ report }: { readonly report: ConnectionReport }) {
  return (
    <>
      <section>
        <h3>Your network</h3>
        <ul className="connection-list" aria-label="Your network">
          {report.findings.map((finding) => (
            <FindingRow key={finding.about} finding={finding} />
          ))}
        </ul>
      </section>
      <section>
        <h3>Other devices</h3>
        {report.peers.length === 0 ? (
          <p className="soft small">None is online now, so no connection could be tested.</p>
        ) : (
          <ul className="connection-list" aria-label="Other devices">
            {report.peers.map((peer) => (
              <PeerRow key={peer.deviceId} peer={peer} />
            ))}
          </ul>
        )}
      </section>
      <Figures report={report} />
    </>
  );
}

function FindingRow({ finding }: { readonly finding: Finding }) {
  return (
    <li className="connection-row">
      <ToneMark tone={finding.tone} />
      <div>
        <p>
          <strong>{finding.title}</strong>
        </p>
        <p className="soft small">{finding.words}</p>
        {finding.help !== undefined && <p className="small">{finding.help}</p>}
      </div>
    </li>
  );
}

function PeerRow({ peer }: { readonly peer: PeerFinding }) {
  const figures = figuresInWords(peer);
  return (
    <li className="connection-row">
      <ToneMark tone={peer.tone} />
      <div>
        <p>
          <strong>{peer.person.name}</strong>, {DEVICE_KINDS[peer.kind].name.toLowerCase()}
        </p>
        <p className="soft small">
          {peer.words}
          {figures === '' ? '' : ` · ${figures}`}
        </p>
        {peer.help !== undefined && <p className="small">{peer.help}</p>}
      </div>
    </li>
  );
}

/** For somebody who helps: what was asked, and the kinds of address in use. */
function Figures({ report: { servers, peers } }: { readonly report: ConnectionReport }) {
  const pairs = peers.filter(({ pair }) => pair !== undefined);
  if (servers.length + pairs.length === 0) return null;
  return (
    <details className="connection-figures small">
      <summary>Details for somebody who helps you</summary>
      <ul aria-label="Details">
        {servers.map(({ url, answered, roundTripMs }) => (
          <li key={url}>
            <code>{url}</code>{' '}
            {answered
              ? `answered${roundTripMs === undefined ? '' : ` in ${roundTripMs} ms`}`
              : 'no answer'}
          </li>
        ))}
        {pairs.map(({ deviceId, person, pair }) => (
          <li key={deviceId}>
            {person.name}: {pair}
          </li>
        ))}
      </ul>
    </details>
  );
}
