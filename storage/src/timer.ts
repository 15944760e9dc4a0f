// The one way in which time reaches a writer, so that a simulation can bring its own.

export type Cancel = () => void;

/** Runs once after so many milliseconds, unless cancelled before. */
export type After = (delayMs: number, run: () => void) => Cancel;

export const systemAfter: After = (delayMs, run) => {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
};
