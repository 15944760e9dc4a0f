import type { Tone } from '@rockpool/client-core';
import { CircleCheck, CircleHelp, CircleX, type LucideIcon, TriangleAlert } from 'lucide-react';

const MARKS: Readonly<Record<Tone, { readonly Icon: LucideIcon; readonly words: string }>> = {
  good: { Icon: CircleCheck, words: 'Good:' },
  fair: { Icon: TriangleAlert, words: 'With limits:' },
  bad: { Icon: CircleX, words: 'Trouble:' },
  unknown: { Icon: CircleHelp, words: 'Not known:' },
};

/** A shape and a colour, and words for those who see neither. */
export function ToneMark({ tone }: { readonly tone: Tone }) {
  const { Icon, words } = MARKS[tone];
  return (
    <>
      <Icon className="tone-mark" data-tone={tone} aria-hidden="true" />
      <span className="visually-hidden">{words}</span>
    </>
  );
}
