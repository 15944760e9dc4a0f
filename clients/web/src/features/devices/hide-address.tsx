import { useId } from 'react';
import { useServices, useView } from '../../app/rockpool-context.ts';
import { Caution } from '../../ui/caution.tsx';
import { Failure } from '../../ui/failure.tsx';
import { useAction } from '../../ui/use-action.ts';
import './hide-address.css';

/** The switch of this device alone: others reach it over a relay, and do not learn its address. */
export function HideAddress() {
  const { rockpool } = useServices();
  const { me } = useView();
  const { busy, error, run } = useAction();
  const id = useId();
  if (me === undefined) return null;
  return (
    <section className="hide-address" aria-label="This device">
      <div className="hide-address-switch">
        <input
          id={id}
          type="checkbox"
          role="switch"
          checked={me.hidesAddress}
          aria-checked={me.hidesAddress}
          aria-describedby={`${id}-hint`}
          aria-disabled={busy}
          onChange={({ currentTarget: { checked } }) => {
            if (!busy) void run(() => rockpool.hideAddress(checked));
          }}
        />
        <label htmlFor={id}>Hide my address</label>
      </div>
      <p id={`${id}-hint`} className="soft small">
        The members of your pools usually learn this device’s network address, which tells roughly
        where you are. Hidden, everything goes through a relay of your server, still unreadable to
        it, and slower.
      </p>
      <div role="status">
        {me.cannotConnect !== undefined && <Caution>{me.cannotConnect}</Caution>}
      </div>
      {error !== undefined && <Failure error={error} />}
    </section>
  );
}
