import type { ActionError } from '@rockpool/client-core';
import { useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { Caution } from '../../ui/caution.tsx';
import { Failure } from '../../ui/failure.tsx';
import { TextField } from '../../ui/field.tsx';
import { Step } from '../../ui/step.tsx';
import { caretInCode, groupCode, isWholeCode } from './link-code.ts';

/** The code is typed by the person who sees it on the new device. */
export function CodeForm(props: {
  readonly code: string;
  readonly error: ActionError | undefined;
  readonly onCode: (code: string) => void;
  readonly onFind: () => void;
  readonly onCancel: () => void;
}) {
  const { code, error } = props;
  const [incomplete, setIncomplete] = useState(false);
  return (
    <Step>
      <form
        className="dialog-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setIncomplete(!isWholeCode(code));
          if (isWholeCode(code)) props.onFind();
        }}
      >
        {error !== undefined && !incomplete && <Failure error={error} />}
        {incomplete && <Failure error={INCOMPLETE} />}
        <div>
          <p>The new device shows a code:</p>
          <ul className="link-places">
            <li>
              in a terminal, where <code>rockpool agent</code> runs
            </li>
            <li>in a browser, after “Add this device with another device”</li>
          </ul>
        </div>
        <TextField
          label="Code"
          className="link-code-field"
          hint="Eight letters and digits. Capitals and the dash do not matter; O is read as 0, I and L as 1."
          value={code}
          required
          autoCapitalize="characters"
          spellCheck={false}
          onChange={({ target }) => {
            const caret = caretInCode(target.value, target.selectionStart ?? target.value.length);
            // Grouped at once and here, or the cursor would jump to the end.
            target.value = groupCode(target.value);
            target.setSelectionRange(caret, caret);
            setIncomplete(false);
            props.onCode(target.value);
          }}
        />
        <Caution>
          Only for a device of your own whose screen you see yourself. Whoever sends you a code
          wants to get into your account.
        </Caution>
        <div className="dialog-actions">
          <Button onClick={props.onCancel}>Cancel</Button>
          <Button look="primary" type="submit">
            Find the device
          </Button>
        </div>
      </form>
    </Step>
  );
}

const INCOMPLETE = {
  message: 'This code is not complete.',
  remedy: 'It has eight letters and digits, as in K7QM-3XPA.',
};
