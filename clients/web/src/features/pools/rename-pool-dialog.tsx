import type { PoolView } from '@rockpool/client-core';
import { useState } from 'react';
import { useServices } from '../../app/rockpool-context.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Failure } from '../../ui/failure.tsx';
import { TextField } from '../../ui/field.tsx';
import { useAction } from '../../ui/use-action.ts';

export function RenamePoolDialog(props: { readonly pool: PoolView; readonly onClose: () => void }) {
  const { rockpool } = useServices();
  const { busy, error, run } = useAction();
  const [name, setName] = useState(props.pool.name);
  return (
    <Dialog title="Rename this pool" onClose={props.onClose}>
      <form
        className="dialog-form"
        onSubmit={async (event) => {
          event.preventDefault();
          const saved = await run(() => rockpool.renamePool(props.pool.id, name.trim()));
          if (saved.ok) props.onClose();
        }}
      >
        <TextField
          label="Name for everybody in the pool"
          value={name}
          required
          maxLength={60}
          onChange={(event) => setName(event.target.value)}
        />
        {error !== undefined && <Failure error={error} />}
        <Button look="primary" type="submit" busy={busy}>
          Save
        </Button>
      </form>
    </Dialog>
  );
}
