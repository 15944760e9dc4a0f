import type { LinkingView, NewDeviceView } from '@rockpool/client-core';
import { Check, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useServices } from '../../app/rockpool-context.ts';
import { Button } from '../../ui/button.tsx';
import { Caution } from '../../ui/caution.tsx';
import { Step } from '../../ui/step.tsx';
import { DEVICE_KINDS } from './device-kinds.ts';
import { groupDigits, spellDigits } from './link-code.ts';
import { LinkFoot } from './link-foot.tsx';

/** Long enough to look at the other screen; whoever has not looked has not compared. */
const LOOK_MS = 3_000;

/** The one moment that keeps strangers out: a person looks at both screens and says what they see. */
export function CompareDigits(props: {
  readonly linking: Extract<LinkingView, { readonly step: 'comparing' }>;
  readonly onCancel: () => void;
}) {
  const { answered, digits, expiryMs, other } = props.linking;
  const adds = other !== undefined;
  return (
    <Step key={answered ? 'answered' : 'asked'}>
      {other !== undefined && <NewDevice device={other} />}
      <p data-first tabIndex={-1}>
        {answered ? afterAnswer(adds) : question(adds)}
      </p>
      <p className="link-digits">
        <span aria-hidden="true">{groupDigits(digits)}</span>
        <span className="visually-hidden">{spellDigits(digits)}</span>
      </p>
      {!answered && (
        <>
          {adds && (
            <Caution>
              This device will read and write as you in all your pools. Go on only if it is your own
              and you see these digits on it yourself; never for somebody who sent you a link or a
              code.
            </Caution>
          )}
          <Answers />
        </>
      )}
      <LinkFoot expiryMs={expiryMs} onCancel={props.onCancel} />
    </Step>
  );
}

function question(adds: boolean): string {
  return adds
    ? 'The new device shows six digits. Are they the same?'
    : 'The device that adds this one shows six digits. Are they the same?';
}

function afterAnswer(adds: boolean): string {
  return adds
    ? 'Now answer on the new device too.'
    : 'Compare them on the device that adds this one, and answer there.';
}

function NewDevice({ device }: { readonly device: NewDeviceView }) {
  const { Icon, name } = DEVICE_KINDS[device.kind];
  return (
    <div className="link-device">
      <Icon aria-hidden="true" />
      <div>
        <p>
          <strong>{name}</strong> at {device.address}
        </p>
        <p className="soft small">
          {device.nearby
            ? 'In the same network as this device'
            : 'In another network: right for a rented server, odd for a device beside you'}
        </p>
      </div>
    </div>
  );
}

/** Neither is the default: no Enter, and no second press of what stood here before, can answer. */
function Answers() {
  const { rockpool } = useServices();
  const [mayAgree, setMayAgree] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setMayAgree(true), LOOK_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="link-answers">
      <Button icon={<X aria-hidden="true" />} onClick={() => rockpool.answerDigits(false)}>
        They differ
      </Button>
      <Button
        icon={<Check aria-hidden="true" />}
        disabled={!mayAgree}
        onClick={() => rockpool.answerDigits(true)}
      >
        They are the same
      </Button>
    </div>
  );
}
