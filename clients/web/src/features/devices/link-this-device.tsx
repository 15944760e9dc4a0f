import type { LinkingView } from '@rockpool/client-core';
import { useServices } from '../../app/rockpool-context.ts';
import { Button } from '../../ui/button.tsx';
import { QrCode } from '../../ui/qr-code.tsx';
import { Step } from '../../ui/step.tsx';
import { CompareDigits } from './compare-digits.tsx';
import { spellCode } from './link-code.ts';
import { LinkFoot } from './link-foot.tsx';
import './linking.css';

/** This browser as the new device: shows its code until a device of the account adds it. */
export function LinkThisDevice({ linking }: { readonly linking: LinkingView }) {
  const { rockpool } = useServices();
  const cancel = () => rockpool.cancelLinking();
  switch (linking.step) {
    case 'comparing':
      return <CompareDigits linking={linking} onCancel={cancel} />;
    case 'waiting':
      return <ShowCode linking={linking} onCancel={cancel} />;
    case 'opening':
    case 'finding':
      return (
        <Step key="opening">
          <p data-first tabIndex={-1}>
            Asking for a code…
          </p>
          <Button onClick={cancel}>Cancel</Button>
        </Step>
      );
    case 'adding':
      return (
        <Step key="adding">
          <p data-first tabIndex={-1}>
            Adding this device to your account…
          </p>
        </Step>
      );
  }
}

function ShowCode(props: {
  readonly linking: Extract<LinkingView, { readonly step: 'waiting' }>;
  readonly onCancel: () => void;
}) {
  const { code, link, expiryMs } = props.linking;
  return (
    <Step key="waiting">
      <p data-first tabIndex={-1}>
        On a device where you are signed in, choose “Your devices”, then “Add a device”, and type
        this code:
      </p>
      <p className="link-code">
        <span aria-hidden="true">{code}</span>
        <span className="visually-hidden">{spellCode(code)}</span>
      </p>
      <p>Or scan this with the camera of a phone where you are signed in:</p>
      <QrCode text={link} label="QR code of this device" />
      <LinkFoot expiryMs={expiryMs} onCancel={props.onCancel} />
    </Step>
  );
}
