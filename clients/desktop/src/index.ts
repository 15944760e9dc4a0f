// The desktop's platform for the engine, and how it fails.

export type { Keyring, KeyringFailure } from './adapters/keyring.ts';
export { KeyringError, systemKeyring } from './adapters/keyring.ts';
export type { PassphrasePort } from './adapters/master-key.ts';
export { nativePeers } from './adapters/peer-connections.ts';
export type { AgentErrorCode } from './agent-errors.ts';
export { AGENT_ERRORS, AgentError } from './agent-errors.ts';
export type { DesktopPlatform, DesktopPlatformOptions } from './open-platform.ts';
export { openDesktopPlatform } from './open-platform.ts';
