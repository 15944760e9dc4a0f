import { useView } from '../../app/rockpool-context.ts';
import { Failure } from '../../ui/failure.tsx';
import { WelcomeFrame } from './welcome-frame.tsx';

/** Nothing can work in this browser: why, in one sentence, and what to do. */
export function Blocked() {
  const { blockedBy } = useView().capabilities;
  if (blockedBy === undefined) return null;
  return (
    <WelcomeFrame title="Rockpool cannot run here">
      <Failure error={{ message: blockedBy.reason, remedy: blockedBy.remedy }} />
    </WelcomeFrame>
  );
}
