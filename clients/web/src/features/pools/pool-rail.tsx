import type { Id } from '@rockpool/client-core';
import { Activity, MonitorSmartphone, Plus } from 'lucide-react';
import { useState } from 'react';
import { useView } from '../../app/rockpool-context.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Button } from '../../ui/button.tsx';
import { ConnectionDialog } from '../connection/connection-dialog.tsx';
import { DevicesDialog } from '../devices/devices-dialog.tsx';
import { ProfileDialog } from '../profile/profile-dialog.tsx';
import { ServerStatus } from '../status/server-status.tsx';
import { CreatePoolDialog } from './create-pool-dialog.tsx';
import './pool-rail.css';

export function PoolRail(props: {
  readonly activeId: Id | undefined;
  readonly onOpen: (poolId: Id) => void;
}) {
  const view = useView();
  const [dialog, setDialog] = useState<'create' | 'profile' | 'devices' | 'connection'>();
  return (
    <nav className="pool-rail" aria-label="Pools">
      <header className="pool-rail-head">
        <img src="/icon.svg" alt="" width="28" height="28" />
        <strong>Rockpool</strong>
      </header>
      <ul className="pool-rail-list">
        {view.pools.map((pool) => {
          const online = pool.members.filter((member) => member.online && !member.isMe).length;
          return (
            <li key={pool.id}>
              <button
                type="button"
                className="pool-rail-item"
                aria-current={pool.id === props.activeId ? 'page' : undefined}
                onClick={() => props.onOpen(pool.id)}
              >
                <Avatar name={pool.name} hue={pool.hue} square />
                <span className="pool-rail-words">
                  <span className="pool-rail-name">{pool.name}</span>
                  <span className="soft small">
                    {online === 0 ? 'Nobody else online' : `${online} online`}
                  </span>
                </span>
                {pool.unread > 0 && (
                  <span className="pool-rail-unread">
                    {pool.unread}
                    <span className="visually-hidden"> unread</span>
                  </span>
                )}
              </button>
            </li>
          );
        })}
      </ul>
      <Button icon={<Plus aria-hidden="true" />} onClick={() => setDialog('create')}>
        New pool
      </Button>
      <footer className="pool-rail-foot">
        {view.me !== undefined && (
          <div>
            <button type="button" className="pool-rail-item" onClick={() => setDialog('profile')}>
              <Avatar name={view.me.name} hue={view.me.hue} />
              <span className="pool-rail-words">
                <span className="pool-rail-name">{view.me.name}</span>
                <span className="soft small">Change name or colour</span>
              </span>
            </button>
            <button
              type="button"
              className="pool-rail-item pool-rail-devices"
              onClick={() => setDialog('devices')}
            >
              <MonitorSmartphone aria-hidden="true" />
              Your devices
            </button>
            <button
              type="button"
              className="pool-rail-item pool-rail-devices"
              onClick={() => setDialog('connection')}
            >
              <Activity aria-hidden="true" />
              Connection check
            </button>
          </div>
        )}
        <ServerStatus server={view.server} />
      </footer>
      {dialog === 'create' && (
        <CreatePoolDialog onClose={() => setDialog(undefined)} onOpen={props.onOpen} />
      )}
      {dialog === 'profile' && <ProfileDialog onClose={() => setDialog(undefined)} />}
      {dialog === 'devices' && <DevicesDialog onClose={() => setDialog(undefined)} />}
      {dialog === 'connection' && <ConnectionDialog onClose={() => setDialog(undefined)} />}
    </nav>
  );
}
