import type { Id } from '@rockpool/client-core';
import { useState } from 'react';
import { useServices } from '../../app/rockpool-context.ts';
import { Button } from '../../ui/button.tsx';
import { Failure } from '../../ui/failure.tsx';
import { TextField } from '../../ui/field.tsx';
import { useAction } from '../../ui/use-action.ts';

export function CreatePoolForm({ onCreated }: { readonly onCreated: (poolId: Id) => void }) {
  const { rockpool } = useServices();
  const { busy, error, run } = useAction();
  const [name, setName] = useState('');
  return (
    <form
      className="dialog-form"
      onSubmit={async (event) => {
        event.preventDefault();
        const created = await run(() => rockpool.createPool(name.trim()));
        if (created.ok) onCreated(created.value.poolId);
      }}
    >
      <TextField
        label="Pool name"
        hint="Only members see it. Leave it empty for a made-up one."
        value={name}
        maxLength={60}
        onChange={(event) => setName(event.target.value)}
      />
      {error !== undefined && <Failure error={error} />}
      <Button look="primary" type="submit" busy={busy}>
        Create pool
      </Button>
    </form>
  );
}
