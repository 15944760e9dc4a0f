import type { ActionError } from '@rockpool/client-core';
import { TriangleAlert } from 'lucide-react';
import './failure.css';

/** What went wrong and what to do, read out at once. */
export function Failure({ error }: { readonly error: Pick<ActionError, 'message' | 'remedy'> }) {
  return (
    <div role="alert" className="failure">
      <TriangleAlert aria-hidden="true" />
      <p>
        <strong>{error.message}</strong> {error.remedy}
      </p>
    </div>
  );
}
