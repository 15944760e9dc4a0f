/* A clock that all threads of the process share, for the limit that they share; performance.now() starts anew in each. */

const { timeOrigin } = performance;

export function nowMs(): number {
  return timeOrigin + performance.now();
}
