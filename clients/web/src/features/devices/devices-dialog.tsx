import type { OwnDeviceView } from '@rockpool/client-core';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useServices, useView } from '../../app/rockpool-context.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Step } from '../../ui/step.tsx';
import { AddDevice } from './add-device.tsx';
import { DEVICE_KINDS } from './device-kinds.ts';
import { HideAddress } from './hide-address.tsx';
import './devices-dialog.css';

const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long' });

/** The devices of one's own account, and the way to one more. */
export function DevicesDialog(props: {
  /** Begins with adding one. */
  readonly add?: boolean;
  readonly onClose: () => void;
}) {
  const { rockpool } = useServices();
  const { arrival, linking, me } = useView();
  const [adding, setAdding] = useState(props.add === true);
  const leave = () => {
    // What both sides agreed to is on its way; anything before that ends here.
    if (linking !== undefined && linking.step !== 'adding') rockpool.cancelLinking();
    if (arrival.kind === 'newDevice') rockpool.dismissArrival();
  };
  return (
    <Dialog
      title={adding ? 'Add a device' : 'Your devices'}
      onClose={() => {
        leave();
        props.onClose();
      }}
    >
      {adding ? (
        <AddDevice
          onEnd={() => {
            leave();
            setAdding(false);
          }}
        />
      ) : (
        <Step>
          <p className="soft">They read and write as you in all your pools.</p>
          <ul className="own-devices" aria-label="Your devices">
            {me?.devices.map((device) => (
              <OwnDevice key={device.deviceId} device={device} />
            ))}
          </ul>
          <HideAddress />
          <div className="dialog-actions">
            <Button
              look="primary"
              icon={<Plus aria-hidden="true" />}
              onClick={() => setAdding(true)}
            >
              Add a device
            </Button>
          </div>
        </Step>
      )}
    </Dialog>
  );
}

function OwnDevice({ device }: { readonly device: OwnDeviceView }) {
  const { Icon, name } = DEVICE_KINDS[device.kind];
  return (
    <li className="own-device">
      <Icon aria-hidden="true" />
      <div>
        <p>
          <strong>{name}</strong>
          {device.isThis && <span className="own-device-mark">this device</span>}
          {!device.isThis && device.online && <span className="own-device-mark">online</span>}
        </p>
        <p className="soft small">
          Added {date.format(device.addedMs)}, signed in until {date.format(device.expiryMs)}
        </p>
      </div>
    </li>
  );
}
