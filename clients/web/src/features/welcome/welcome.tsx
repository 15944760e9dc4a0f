import type { Arrival, Capabilities } from '@rockpool/client-core';
import { KeyRound, Link2, MonitorSmartphone, Smartphone, Usb } from 'lucide-react';
import { useServices, useView } from '../../app/rockpool-context.ts';
import { Button } from '../../ui/button.tsx';
import { Failure } from '../../ui/failure.tsx';
import { useAction } from '../../ui/use-action.ts';
import { LinkThisDevice } from '../devices/link-this-device.tsx';
import { WelcomeFrame } from './welcome-frame.tsx';

/** No account on this device yet: one button, one passkey prompt, nothing to type. */
export function Welcome() {
  const view = useView();
  const { rockpool } = useServices();
  const { busy, error, run } = useAction();
  const { arrival, server } = view;
  const mayCreate = arrival.kind === 'firstAdmin' || arrival.kind === 'invite';
  const waiting = server.status !== 'online';
  const words = wordsFor(arrival, server.unclaimed);
  if (view.linking !== undefined) {
    return (
      <WelcomeFrame title="Add this device">
        <LinkThisDevice linking={view.linking} />
      </WelcomeFrame>
    );
  }
  return (
    <WelcomeFrame title={words.title}>
      <p>{words.lead}</p>
      {error !== undefined && error.code !== 'LINK_CANCELLED' && <Failure error={error} />}
      <div className="welcome-actions">
        {mayCreate && (
          <Button
            look="primary"
            icon={<KeyRound aria-hidden="true" />}
            busy={busy || waiting}
            onClick={() => run(() => rockpool.createAccount())}
          >
            Create account
          </Button>
        )}
        <Button
          look={mayCreate ? 'plain' : 'primary'}
          icon={<KeyRound aria-hidden="true" />}
          busy={busy || waiting}
          onClick={() => run(() => rockpool.signIn())}
        >
          Sign in with a passkey
        </Button>
        {mayLink(arrival, server.unclaimed) && (
          <Button
            look="quiet"
            icon={<Link2 aria-hidden="true" />}
            busy={busy || waiting}
            onClick={() => run(() => rockpool.linkThisDevice())}
          >
            Add this device with another device
          </Button>
        )}
      </div>
      {waiting && (
        <p role="status" className="soft small">
          {server.status === 'connecting' ? 'Connecting…' : 'No server answers. Trying again…'}
        </p>
      )}
      <Ways capabilities={view.capabilities} />
      <p className="welcome-promise">
        Messages and files go directly between devices; the servers never see them or your names.
        This page itself comes from the server, so open it only at an address you trust.
      </p>
    </WelcomeFrame>
  );
}

/** Not where nobody has an account yet, nor where this is the device that would add another. */
function mayLink(arrival: Arrival, unclaimed: boolean): boolean {
  return !unclaimed && arrival.kind !== 'firstAdmin' && arrival.kind !== 'newDevice';
}

function wordsFor(arrival: Arrival, unclaimed: boolean): { title: string; lead: string } {
  switch (arrival.kind) {
    case 'firstAdmin':
      return {
        title: 'Your place is ready',
        lead: 'Create the first account. A passkey takes the place of name, mail address and password.',
      };
    case 'invite':
      return {
        title: 'You are invited',
        lead: 'One passkey prompt and you are inside the pool. You get a friendly name that you can change later.',
      };
    case 'newDevice':
      return {
        title: 'A new device waits',
        lead: 'Nobody is signed in here. Sign in first, then add it; or scan the picture with a device where you are signed in already. Only for a device of your own.',
      };
    case 'broken':
      return { title: 'This link does not work', lead: arrival.reason };
    case 'none':
      return unclaimed
        ? {
            title: 'Nobody lives here yet',
            lead: 'Open the first-admin link that the server printed when it started. “rockpool invite --first-admin” prints a new one.',
          }
        : {
            title: 'Welcome back',
            lead: 'Sign in with your passkey. New here? Ask a member for an invite link.',
          };
  }
}

function Ways({ capabilities }: { readonly capabilities: Capabilities }) {
  const ways = [
    { icon: MonitorSmartphone, name: 'This device', works: capabilities.thisDevice },
    { icon: Smartphone, name: 'Phone', works: capabilities.phone },
    { icon: Usb, name: 'Security key', works: capabilities.securityKey },
  ];
  return (
    <div>
      <h2>Passkeys that work here</h2>
      <ul className="welcome-ways">
        {ways.map(({ icon: Icon, name, works }) => (
          <li key={name} data-works={works}>
            <Icon aria-hidden="true" />
            {name}
            {!works && <span className="visually-hidden"> (not available)</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}
