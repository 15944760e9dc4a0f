export type { BindingOutcome } from './binding-responder.ts';
export type { StunLogger } from './logger.ts';
export { type NatBehaviour, type StunAddress, testNat } from './nat-tests.ts';
export {
  probeStun,
  type StunProbeCode,
  type StunProbeOptions,
  type StunProbeResult,
} from './probe.ts';
export {
  STUN_LIMITS,
  type StunMetrics,
  type StunServer,
  type StunServerOptions,
  startStunServer,
} from './server.ts';
export type { SourceLimit } from './source-limiter.ts';
export { STUN_ERRORS, StunError, type StunErrorCode } from './stun-error.ts';
