import { type ReactNode, useEffect, useRef } from 'react';
import { focusFirst } from './focus-first.ts';
import './step.css';

/**
 * One of several screens that replace each other in the same place. What replaces another takes the
 * focus, at its `data-first` element if it has one: so a screen reader goes on there, and no key
 * press meant for the former lands in it.
 */
export function Step({ children }: { readonly children: ReactNode }) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (element.current !== null) focusFirst(element.current);
  }, []);
  return (
    <div ref={element} className="step">
      {children}
    </div>
  );
}
