import type { Arrival, Id } from '@rockpool/client-core';
import { useServices } from '../../app/rockpool-context.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Failure } from '../../ui/failure.tsx';
import { useAction } from '../../ui/use-action.ts';

/** Somebody with an account opened an invite link: one click and they are in. */
export function JoinInvitedPool(props: {
  readonly arrival: Arrival;
  readonly onOpen: (poolId: Id) => void;
}) {
  const { rockpool } = useServices();
  const { busy, error, run } = useAction();
  const { arrival } = props;
  if (arrival.kind !== 'invite' && arrival.kind !== 'broken') return null;
  const close = () => rockpool.dismissArrival();
  if (arrival.kind === 'broken') {
    return (
      <Dialog title="This link does not work" onClose={close}>
        <p>{arrival.reason}</p>
      </Dialog>
    );
  }
  const join = async () => {
    const joined = await run(() => rockpool.acceptInvite());
    if (joined.ok) props.onOpen(joined.value.poolId);
  };
  return (
    <Dialog title="You are invited to a pool" onClose={close}>
      <p>
        Its members will see your name and when you are online. What it is called, they tell you
        when you are in: no server knows.
      </p>
      {error !== undefined && <Failure error={error} />}
      <div className="dialog-actions">
        <Button onClick={close}>Not now</Button>
        <Button look="primary" busy={busy} onClick={join}>
          Join pool
        </Button>
      </div>
    </Dialog>
  );
}
