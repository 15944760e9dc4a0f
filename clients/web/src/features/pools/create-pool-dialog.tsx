import type { Id } from '@rockpool/client-core';
import { Dialog } from '../../ui/dialog.tsx';
import { CreatePoolForm } from './create-pool-form.tsx';

export function CreatePoolDialog(props: {
  readonly onClose: () => void;
  readonly onOpen: (poolId: Id) => void;
}) {
  return (
    <Dialog title="New pool" onClose={props.onClose}>
      <CreatePoolForm
        onCreated={(poolId) => {
          props.onClose();
          props.onOpen(poolId);
        }}
      />
    </Dialog>
  );
}
