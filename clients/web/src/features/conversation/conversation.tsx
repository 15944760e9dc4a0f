import type { PoolView } from '@rockpool/client-core';
import { ArrowLeft, PanelRight, UserPlus } from 'lucide-react';
import { useState } from 'react';
import { Button, IconButton } from '../../ui/button.tsx';
import { countInWords } from '../../ui/words.ts';
import { DropTarget } from '../files/drop-target.tsx';
import { useOffer } from '../files/use-offer.ts';
import { InviteDialog } from '../invite/invite-dialog.tsx';
import { AlarmBanner } from '../status/alarm-banner.tsx';
import { Composer } from './composer.tsx';
import { EntryList } from './entry-list.tsx';
import { NobodyYet } from './nobody-yet.tsx';
import './conversation.css';

export function Conversation(props: {
  readonly pool: PoolView;
  readonly detailsOpen: boolean;
  readonly onBack: () => void;
  readonly onDetails: () => void;
}) {
  const { pool } = props;
  const [inviting, setInviting] = useState(false);
  const offer = useOffer(pool.id);
  const online = pool.members.filter((member) => member.online).length;
  const alone = pool.members.length === 1 && pool.entries.length === 0;
  return (
    <DropTarget pool={pool} onFiles={offer.offer}>
      <header className="conversation-head">
        <span className="conversation-back">
          <IconButton label="All pools" icon={<ArrowLeft />} onClick={props.onBack} />
        </span>
        <div className="conversation-title">
          <h1>{pool.name}</h1>
          <p className="soft small">
            {countInWords(pool.members.length, 'member', 'members')} · {online} online
          </p>
        </div>
        {pool.role === 'owner' && (
          <Button icon={<UserPlus aria-hidden="true" />} onClick={() => setInviting(true)}>
            Invite
          </Button>
        )}
        <IconButton
          label="Members and files"
          icon={<PanelRight />}
          aria-expanded={props.detailsOpen}
          onClick={props.onDetails}
        />
      </header>
      {pool.alarm !== undefined && <AlarmBanner alarm={pool.alarm} />}
      {alone ? <NobodyYet onInvite={() => setInviting(true)} /> : <EntryList pool={pool} />}
      <Composer pool={pool} offer={offer} />
      {inviting && <InviteDialog pool={pool} onClose={() => setInviting(false)} />}
    </DropTarget>
  );
}
