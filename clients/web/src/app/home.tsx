// Three panes on a wide screen; on a narrow one a stack: pools, conversation, details.

import type { Id, PoolView } from '@rockpool/client-core';
import { useEffect, useState } from 'react';
import { Conversation } from '../features/conversation/conversation.tsx';
import { AddArrivedDevice } from '../features/devices/add-arrived-device.tsx';
import { TransferTray } from '../features/files/transfer-tray.tsx';
import { Details } from '../features/members/details.tsx';
import { JoinInvitedPool } from '../features/pools/join-invited-pool.tsx';
import { NoPools } from '../features/pools/no-pools.tsx';
import { PoolRail } from '../features/pools/pool-rail.tsx';
import { useServices, useView } from './rockpool-context.ts';
import './home.css';

/** What a narrow screen shows while the details are closed. */
type Pane = 'pools' | 'conversation';

export function Home() {
  const view = useView();
  const { rockpool } = useServices();
  const [activeId, setActiveId] = useState<Id>();
  const [pane, setPane] = useState<Pane>('conversation');
  // Beside the conversation where there is room; elsewhere they would cover it.
  const [detailsOpen, setDetailsOpen] = useState(() => matchMedia('(min-width: 1024px)').matches);
  const active: PoolView | undefined =
    view.pools.find((pool) => pool.id === activeId) ?? view.pools[0];

  useEffect(() => {
    rockpool.setActivePool(active?.id);
  }, [rockpool, active?.id]);

  const open = (poolId: Id) => {
    setActiveId(poolId);
    setPane('conversation');
  };

  const shown = active === undefined ? 'conversation' : detailsOpen ? 'details' : pane;
  return (
    <div className="home" data-pane={shown}>
      <PoolRail activeId={active?.id} onOpen={open} />
      <main className="home-main">
        {active === undefined ? (
          <NoPools onOpen={open} />
        ) : (
          <Conversation
            key={active.id}
            pool={active}
            detailsOpen={detailsOpen}
            onBack={() => setPane('pools')}
            onDetails={() => setDetailsOpen(!detailsOpen)}
          />
        )}
      </main>
      {active !== undefined && detailsOpen && (
        <Details pool={active} onClose={() => setDetailsOpen(false)} />
      )}
      <TransferTray pools={view.pools} />
      <JoinInvitedPool arrival={view.arrival} onOpen={open} />
      <AddArrivedDevice />
    </div>
  );
}
