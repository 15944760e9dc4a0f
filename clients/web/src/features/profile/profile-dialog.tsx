import { useState } from 'react';
import { useServices, useView } from '../../app/rockpool-context.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Failure } from '../../ui/failure.tsx';
import { TextField } from '../../ui/field.tsx';
import { useAction } from '../../ui/use-action.ts';
import './profile-dialog.css';

export function ProfileDialog({ onClose }: { readonly onClose: () => void }) {
  const { rockpool } = useServices();
  const me = useView().me;
  const { busy, error, run } = useAction();
  const [name, setName] = useState(me?.name ?? '');
  const [hue, setHue] = useState(me?.hue ?? 0);
  return (
    <Dialog title="Your name and colour" onClose={onClose}>
      <form
        className="dialog-form"
        onSubmit={async (event) => {
          event.preventDefault();
          const saved = await run(() => rockpool.renameMe(name.trim(), hue));
          if (saved.ok) onClose();
        }}
      >
        <div className="profile-preview">
          <Avatar name={name} hue={hue} />
          <p className="soft small">Only members of your pools see your name and colour.</p>
        </div>
        <TextField
          label="Name"
          value={name}
          required
          maxLength={40}
          onChange={(event) => setName(event.target.value)}
        />
        <TextField
          label="Colour"
          type="range"
          min={0}
          max={359}
          value={hue}
          onChange={(event) => setHue(event.target.valueAsNumber)}
        />
        {error !== undefined && <Failure error={error} />}
        <div className="dialog-actions">
          <Button look="primary" type="submit" busy={busy}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
