import type { DeviceView, MemberView, PoolView } from '@rockpool/client-core';
import { ArrowLeftRight, LoaderCircle, Unplug, X } from 'lucide-react';
import { useState } from 'react';
import { Avatar } from '../../ui/avatar.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { bytesInWords } from '../../ui/words.ts';
import { ConnectionDialog } from '../connection/connection-dialog.tsx';
import { DEVICE_KINDS } from '../devices/device-kinds.ts';
import { RenamePoolDialog } from '../pools/rename-pool-dialog.tsx';
import './details.css';

/** Who is in the pool, how each of their devices is reached, and the pool's files. */
export function Details(props: { readonly pool: PoolView; readonly onClose: () => void }) {
  const { pool } = props;
  const [renaming, setRenaming] = useState(false);
  const files = pool.entries.filter((entry) => entry.kind === 'file');
  const members = [...pool.members].sort((a, b) => Number(b.online) - Number(a.online));
  return (
    <aside className="details" aria-label="Details">
      <header className="details-head">
        <h2>{pool.name}</h2>
        <IconButton label="Close details" icon={<X />} onClick={props.onClose} />
      </header>
      <Button look="quiet" onClick={() => setRenaming(true)}>
        Rename this pool
      </Button>
      <section>
        <h3>Members</h3>
        <ul aria-label="Members" className="details-members">
          {members.map((member) => (
            <Member key={member.userId} member={member} />
          ))}
        </ul>
      </section>
      <section>
        <h3>Files</h3>
        {files.length === 0 ? (
          <p className="soft small">Drop a file into the conversation to share it.</p>
        ) : (
          <ul className="details-files">
            {files.toReversed().map((file) => (
              <li key={file.id}>
                <span className="details-file-name">{file.name}</span>
                <span className="soft small">{bytesInWords(file.size)}</span>
              </li>
            ))}
          </ul>
        )}
      </section>
      {renaming && <RenamePoolDialog pool={pool} onClose={() => setRenaming(false)} />}
    </aside>
  );
}

function Member({ member }: { readonly member: MemberView }) {
  return (
    <li className="details-member">
      <Avatar name={member.name} hue={member.hue} online={member.online} />
      <div className="details-member-words">
        <p>
          <strong>{member.name}</strong>
          {member.isMe && ' (you)'}
          {member.role === 'owner' && <span className="details-role">owner</span>}
        </p>
        <p className="soft small">{member.online ? 'Online' : 'Offline'}</p>
        <ul>
          {member.devices.map((device) => (
            <Device key={device.deviceId} device={device} />
          ))}
        </ul>
      </div>
    </li>
  );
}

function Device({ device }: { readonly device: DeviceView }) {
  const { Icon, name } = DEVICE_KINDS[device.kind];
  return (
    <li className="details-device small" data-path={device.isThis ? 'direct' : device.path}>
      <Icon aria-hidden="true" />
      {name} · {pathInWords(device)}
      {!device.isThis && device.path === 'direct' && <ArrowLeftRight aria-hidden="true" />}
      {device.path === 'connecting' && <LoaderCircle aria-hidden="true" />}
      {device.path === 'unreachable' && <Unplug aria-hidden="true" />}
      {device.trouble !== undefined && <Trouble trouble={device.trouble} />}
    </li>
  );
}

function Trouble({ trouble }: { readonly trouble: NonNullable<DeviceView['trouble']> }) {
  const [checking, setChecking] = useState(false);
  return (
    <div className="details-trouble" data-trouble={trouble.code}>
      <p>
        {trouble.reason} {trouble.help}
      </p>
      <Button look="quiet" onClick={() => setChecking(true)}>
        Check the connection
      </Button>
      {checking && <ConnectionDialog onClose={() => setChecking(false)} />}
    </div>
  );
}

function pathInWords(device: DeviceView): string {
  if (device.isThis) return 'this device';
  if (device.path === 'unreachable') return 'cannot connect';
  if (device.path !== 'direct' && device.path !== 'relayed') return device.path;
  const way = device.path === 'relayed' ? 'through a relay' : 'direct';
  return device.roundTripMs === undefined ? way : `${way}, ${device.roundTripMs} ms`;
}
