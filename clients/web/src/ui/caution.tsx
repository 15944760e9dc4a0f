import { ShieldAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import './caution.css';

/** What to think of before going on. */
export function Caution({ children }: { readonly children: ReactNode }) {
  return (
    <div className="caution">
      <ShieldAlert aria-hidden="true" />
      <p>{children}</p>
    </div>
  );
}
