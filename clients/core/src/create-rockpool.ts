import type { Platform } from './ports.ts';
import type { Rockpool } from './view.ts';

/** Starts the engine on this platform. It opens its store and connects by itself. */
export declare function createRockpool(platform: Platform): Rockpool;
