import { useState } from 'react';
import { useView } from '../../app/rockpool-context.ts';
import { DevicesDialog } from './devices-dialog.tsx';

/** Somebody scanned the QR code of a new device with a device of the account. */
export function AddArrivedDevice() {
  const { arrival } = useView();
  // The engine forgets the link once it is used; the dialog stays to say how it ended.
  const [open, setOpen] = useState(arrival.kind === 'newDevice');
  return open && <DevicesDialog add onClose={() => setOpen(false)} />;
}
