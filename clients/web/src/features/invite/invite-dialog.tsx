import type { InviteView, PoolView } from '@rockpool/client-core';
import { Check, Copy } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useServices } from '../../app/rockpool-context.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Failure } from '../../ui/failure.tsx';
import { TextField } from '../../ui/field.tsx';
import { QrCode } from '../../ui/qr-code.tsx';
import { useAction } from '../../ui/use-action.ts';

const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

/** Makes a one-use link as soon as it opens, and shows it as link and as QR code. */
export function InviteDialog(props: { readonly pool: PoolView; readonly onClose: () => void }) {
  const { rockpool } = useServices();
  const { error, run } = useAction();
  const [invite, setInvite] = useState<InviteView>();
  const [copied, setCopied] = useState(false);
  // Effects may run twice in development; a second link would be a second open door.
  const asked = useRef(false);
  useEffect(() => {
    if (asked.current) return;
    asked.current = true;
    void run(() => rockpool.invite(props.pool.id)).then((made) => {
      if (made.ok) setInvite(made.value);
    });
  });
  return (
    <Dialog title={`Invite to “${props.pool.name}”`} onClose={props.onClose}>
      {error !== undefined && <Failure error={error} />}
      {invite === undefined && error === undefined && <p role="status">Making a link…</p>}
      {invite !== undefined && (
        <>
          <QrCode text={invite.link} label="QR code of the invite link" />
          <TextField
            label="Invite link"
            value={invite.link}
            readOnly
            onFocus={(event) => event.target.select()}
            hint={`For one person, until ${day.format(invite.expiryMs)}. Whoever has the link can use it: send it privately.`}
          />
          <div className="dialog-actions">
            <Button
              look="primary"
              icon={copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
              onClick={async () => {
                await navigator.clipboard.writeText(invite.link);
                setCopied(true);
              }}
            >
              {copied ? 'Copied' : 'Copy link'}
            </Button>
          </div>
        </>
      )}
    </Dialog>
  );
}
