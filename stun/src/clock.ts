/* A clock that all threads of the process share, for the limit that they share; performance.now() starts anew in each. */

export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
