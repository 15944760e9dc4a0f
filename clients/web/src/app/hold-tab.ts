// One tab at a time runs the engine: two would write the same device's log twice. A Web Lock decides
// who; another tab can take it over at any moment, also while this one is still starting.

/** Something started that must be stopped before another tab's is trusted with the same data. */
export interface Stoppable {
  stop(): Promise<void>;
}

export type TabState<App> =
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'running'; readonly app: App };

export interface TabOptions<App extends Stoppable> {
  readonly locks: Pick<LockManager, 'request'>;
  /** Take the lock from the tab that has it. */
  readonly steal: boolean;
  readonly start: () => Promise<App>;
  readonly tell: (state: TabState<App>) => void;
}

const LOCK = 'rockpool-engine';

/** Resolves when this tab does not run the engine, or no longer does. */
export async function holdTab<App extends Stoppable>(options: TabOptions<App>): Promise<void> {
  const { locks, steal, start, tell } = options;
  let app: App | undefined;
  let lost = false;
  const run = async (lock: Lock | null) => {
    if (lock === null) return tell({ kind: 'elsewhere' });
    app = await start();
    if (lost) return app.stop();
    tell({ kind: 'running', app });
    // The lock is held for as long as this promise is open: until the tab closes or is robbed.
    await new Promise<never>(() => {});
  };
  try {
    await locks.request(LOCK, steal ? { steal: true } : { ifAvailable: true }, run);
  } catch (cause) {
    lost = true;
    const robbed = cause instanceof DOMException && cause.name === 'AbortError';
    tell(robbed ? { kind: 'elsewhere' } : { kind: 'failed', reason: String(cause) });
    // What it still wants to write is refused by the store, which belongs to the other tab now.
    await app?.stop().catch(() => {});
  }
}
