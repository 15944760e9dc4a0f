import { useEffect, useState } from 'react';
import { countdownInWords, countdownMilestone } from './words.ts';

const SECOND_MS = 1000;

/** A countdown to be seen each second, and heard only now and then. */
export function TimeLeft({ expiryMs }: { readonly expiryMs: number }) {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), SECOND_MS);
    return () => clearInterval(timer);
  }, []);
  const leftMs = expiryMs - nowMs;
  return (
    <p className="soft small">
      <span role="timer">{countdownInWords(leftMs)} left</span>
      <span role="status" className="visually-hidden">
        {countdownMilestone(leftMs)}
      </span>
    </p>
  );
}
