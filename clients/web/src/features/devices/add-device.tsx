import type { ActionError } from '@rockpool/client-core';
import { useId, useState } from 'react';
import { useServices, useView } from '../../app/rockpool-context.ts';
import { Button } from '../../ui/button.tsx';
import { Caution } from '../../ui/caution.tsx';
import { Failure } from '../../ui/failure.tsx';
import { Step } from '../../ui/step.tsx';
import { useAction } from '../../ui/use-action.ts';
import { CodeForm } from './code-form.tsx';
import { CompareDigits } from './compare-digits.tsx';
import './linking.css';

/** After these the same code may still be right; after all others a new one is needed. */
const SAME_CODE: readonly ActionError['code'][] = ['LINK_UNKNOWN', 'LINK_BUSY', 'OFFLINE'];

/** From the code, or the scanned link, of a new device to its place in the account. */
export function AddDevice(props: { readonly onEnd: () => void }) {
  const { rockpool } = useServices();
  const { arrival, linking } = useView();
  const { busy, error: failure, run } = useAction();
  // Whoever cancelled knows.
  const error = failure?.code === 'LINK_CANCELLED' ? undefined : failure;
  const [code, setCode] = useState('');
  const [added, setAdded] = useState(false);

  const add = async (typed?: string) => {
    const result = await run(() => rockpool.addDevice(typed));
    if (result.ok) setAdded(true);
    else if (!SAME_CODE.includes(result.error.code)) setCode('');
  };
  const cancel = () => rockpool.cancelLinking();

  if (added) return <Added onEnd={props.onEnd} />;
  switch (linking?.step) {
    case 'comparing':
      return <CompareDigits linking={linking} onCancel={cancel} />;
    case 'adding':
      return <Waiting key="adding" words="Adding the device to your account…" />;
    case 'finding':
      return <Waiting key="finding" words="Looking for the device…" onCancel={cancel} />;
    default:
  }
  if (busy) return <Waiting key="finding" words="Looking for the device…" onCancel={cancel} />;
  return arrival.kind === 'newDevice' ? (
    <Scanned error={error} onGo={() => add()} onCancel={props.onEnd} />
  ) : (
    <CodeForm
      code={code}
      error={error}
      onCode={setCode}
      onFind={() => add(code)}
      onCancel={props.onEnd}
    />
  );
}

/** A link alone adds nothing: it may have come from anybody. */
function Scanned(props: {
  readonly error: ActionError | undefined;
  readonly onGo: () => void;
  readonly onCancel: () => void;
}) {
  return (
    <Step>
      {props.error !== undefined && <Failure error={props.error} />}
      <p data-first tabIndex={-1}>
        You opened the link of a device that wants to be added to your account. Next you see what it
        is, and six digits to compare with those on its screen.
      </p>
      <Caution>
        Go on only if you scanned the picture yourself, on the screen of a device of your own.
        Whoever sends you such a link wants to get into your account.
      </Caution>
      <div className="dialog-actions">
        <Button onClick={props.onCancel}>Do not add it</Button>
        <Button onClick={props.onGo}>Show the digits</Button>
      </div>
    </Step>
  );
}

function Waiting(props: { readonly words: string; readonly onCancel?: () => void }) {
  return (
    <Step>
      <p data-first tabIndex={-1}>
        {props.words}
      </p>
      {props.onCancel !== undefined && (
        <div className="dialog-actions">
          <Button onClick={props.onCancel}>Cancel</Button>
        </div>
      )}
    </Step>
  );
}

function Added({ onEnd }: { readonly onEnd: () => void }) {
  const wordsId = useId();
  return (
    <Step>
      <p id={wordsId}>
        <strong>The device is added.</strong> It is one of yours now, and fetches your pools by
        itself from the devices that are online.
      </p>
      <div className="dialog-actions">
        <Button look="primary" onClick={onEnd} aria-describedby={wordsId}>
          Show my devices
        </Button>
      </div>
    </Step>
  );
}
