import type { ClientView, Rockpool } from '@rockpool/client-core';
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { BrowserBlobs } from '../adapters/blobs.ts';

/** What every view may reach: the engine's actions, and files as the browser reads them. */
export interface AppServices {
  readonly rockpool: Rockpool;
  readonly blobs: Pick<BrowserBlobs, 'asFile'>;
}

export const ServicesContext = createContext<AppServices | undefined>(undefined);

export function useServices(): AppServices {
  const services = useContext(ServicesContext);
  if (services === undefined) throw new Error('a view was rendered outside of the app');
  return services;
}

export function useView(): ClientView {
  const { rockpool } = useServices();
  return useSyncExternalStore(rockpool.subscribe, rockpool.view);
}
