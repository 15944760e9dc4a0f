import { UserPlus } from 'lucide-react';
import { Button } from '../../ui/button.tsx';

/** An empty pool teaches its next step. */
export function NobodyYet({ onInvite }: { readonly onInvite: () => void }) {
  return (
    <section className="nobody-yet">
      <h2>Nobody else is here yet</h2>
      <p className="soft">
        Invite somebody by link or QR code. What you write and drop here meanwhile waits on this
        device and goes to them when they come.
      </p>
      <Button look="primary" icon={<UserPlus aria-hidden="true" />} onClick={onInvite}>
        Invite somebody
      </Button>
    </section>
  );
}
