import type { Id } from '@rockpool/client-core';
import { CreatePoolForm } from './create-pool-form.tsx';
import './no-pools.css';

/** The first screen of a new account: what a pool is, and the one thing to do. */
export function NoPools({ onOpen }: { readonly onOpen: (poolId: Id) => void }) {
  return (
    <section className="no-pools">
      <h1>Make your first pool</h1>
      <p className="soft">
        A pool is a private group: its messages and files live on its members’ devices and go
        directly from one to the other. Create one and invite somebody, or open an invite link that
        you were given.
      </p>
      <CreatePoolForm onCreated={onOpen} />
    </section>
  );
}
