import { Button } from '../../ui/button.tsx';
import { TimeLeft } from '../../ui/time-left.tsx';

/** How long this goes on by itself, and the way out. */
export function LinkFoot(props: { readonly expiryMs: number; readonly onCancel: () => void }) {
  return (
    <div className="link-foot">
      <TimeLeft expiryMs={props.expiryMs} />
      <Button look="quiet" onClick={props.onCancel}>
        Cancel
      </Button>
    </div>
  );
}
