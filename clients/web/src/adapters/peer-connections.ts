// RTCPeerConnection reduced to the engine's port. Every decision (who yields, what is signed,
// which description may be set) is the engine's; this file only translates.

import type {
  Channel,
  ChannelEvents,
  IcePaths,
  PathMeasurement,
  PeerConnectionPort,
} from '@rockpool/client-core';
import { sha256Bytes } from '@rockpool/protocol';

/** The sender refills when this little is left to go out. */
const LOW_MARK_BYTES = 256 * 1024;
/** Five have always been enough. */
const GATHERING_BEGINS_MS = 250;

export const browserPeers: PeerConnectionPort = {
  // Browsers speak UDP, TCP and TLS to TURN servers.
  canRelay: () => true,
  create(paths, events) {
    const connection = new RTCPeerConnection(configurationOf(paths));
    const gathering = firstCandidate(connection);
    connection.onnegotiationneeded = () => events.onNegotiationNeeded();
    connection.onicecandidate = ({ candidate }) => {
      events.onCandidate(candidate?.candidate ?? '', candidate?.sdpMid ?? '');
    };
    connection.onconnectionstatechange = () => events.onState(connection.connectionState);
    connection.ondatachannel = ({ channel }) => {
      const wrapped = wrapChannel(connection, channel);
      events.onChannel(wrapped, (channelEvents) => listen(channel, channelEvents));
    };
    return {
      async setLocalDescription() {
        await connection.setLocalDescription();
        const { type, sdp } = connection.localDescription ?? {};
        if ((type !== 'offer' && type !== 'answer') || sdp === undefined) {
          throw new Error('the browser made no description');
        }
        return { type, sdp };
      },
      async setRemoteDescription(type, sdp) {
        const takesBack = type === 'offer' && connection.signalingState === 'have-local-offer';
        if (takesBack) await gathering;
        await connection.setRemoteDescription({ type, sdp });
      },
      addCandidate: (candidate, mid) => connection.addIceCandidate({ candidate, sdpMid: mid }),
      get signalingState() {
        return narrowSignalingState(connection.signalingState);
      },
      createChannel(label, channelEvents, sent) {
        const delivery = sent === 'once' ? { ordered: false, maxRetransmits: 0 } : {};
        const channel = connection.createDataChannel(label, delivery);
        listen(channel, channelEvents);
        return wrapChannel(connection, channel);
      },
      takePaths(next) {
        connection.setConfiguration(configurationOf(next));
        return true;
      },
      restartIce: () => connection.restartIce(),
      remoteFingerprint: () => liveFingerprint(connection),
      stats: () => selectedPairStats(connection),
      close: () => connection.close(),
    };
  },
};

/**
 * Chromium (seen in 153) that takes an offer back before its gathering has found anything gathers for ever and
 * finds nothing. Resolves once that is over, which takes milliseconds; where every path goes through a relay
 * that is slow to answer, after a moment in which it has begun for sure.
 */
function firstCandidate(connection: RTCPeerConnection): Promise<void> {
  return new Promise((resolve) => {
    const found = () => resolve();
    connection.addEventListener('icecandidate', found, { once: true });
    connection.addEventListener(
      'icegatheringstatechange',
      () => setTimeout(found, GATHERING_BEGINS_MS),
      { once: true },
    );
  });
}

function configurationOf({ stun, turn, relayOnly }: IcePaths): RTCConfiguration {
  const iceServers: RTCIceServer[] = stun.length === 0 ? [] : [{ urls: [...stun] }];
  if (turn !== undefined) iceServers.push({ ...turn, urls: [...turn.urls] });
  return {
    iceServers,
    iceTransportPolicy: relayOnly ? 'relay' : 'all',
    bundlePolicy: 'max-bundle',
  };
}

function narrowSignalingState(state: RTCSignalingState) {
  // Provisional answers are never used, so the two pranswer states cannot occur.
  return state === 'have-local-pranswer' || state === 'have-remote-pranswer' ? 'stable' : state;
}

function listen(channel: RTCDataChannel, events: ChannelEvents): void {
  channel.binaryType = 'arraybuffer';
  channel.bufferedAmountLowThreshold = LOW_MARK_BYTES;
  let opened = false;
  // A channel that the other side began may be open already and still fire its event afterwards.
  const open = () => {
    if (opened) return;
    opened = true;
    events.onOpen();
  };
  channel.onopen = open;
  channel.onclose = () => events.onClose();
  channel.onbufferedamountlow = () => events.onDrained();
  channel.onmessage = (event) => {
    if (event.data instanceof ArrayBuffer) events.onMessage(new Uint8Array(event.data));
  };
  if (channel.readyState === 'open') open();
}

function wrapChannel(connection: RTCPeerConnection, channel: RTCDataChannel): Channel {
  return {
    label: channel.label,
    get bufferedBytes() {
      return channel.bufferedAmount;
    },
    send(frame) {
      // Channels of a closed connection stay open for a moment, and take what goes nowhere.
      if (channel.readyState !== 'open' || connection.signalingState === 'closed') return false;
      try {
        channel.send(frame as Uint8Array<ArrayBuffer>);
        return true;
      } catch {
        return false; // the browser's own buffer is full
      }
    },
    close: () => channel.close(),
  };
}

/** SHA-256 of the certificate that the DTLS peer really showed; empty while there is none. */
function liveFingerprint(connection: RTCPeerConnection): Uint8Array | 'unavailable' {
  const transport = connection.sctp?.transport;
  if (transport === undefined || !('getRemoteCertificates' in transport)) return 'unavailable';
  const [certificate] = transport.getRemoteCertificates();
  return certificate === undefined ? new Uint8Array(0) : sha256Bytes(new Uint8Array(certificate));
}

async function selectedPairStats(connection: RTCPeerConnection): Promise<PathMeasurement> {
  const report = await connection.getStats();
  let pair: RTCIceCandidatePairStats | undefined;
  const candidates = new Map<string, CandidateStats>();
  for (const stats of report.values()) {
    if (stats.type === 'candidate-pair' && stats.nominated && stats.state === 'succeeded') {
      pair = stats;
    } else if (stats.type === 'local-candidate' || stats.type === 'remote-candidate') {
      candidates.set(stats.id, stats);
    }
  }
  if (pair === undefined) return {};
  const own = candidates.get(pair.localCandidateId);
  const other = candidates.get(pair.remoteCandidateId);
  const seconds = pair.currentRoundTripTime;
  return {
    relayed: own?.candidateType === 'relay' || other?.candidateType === 'relay',
    ...known('roundTripMs', seconds === undefined ? undefined : Math.round(seconds * 1000)),
    ...known('own', own?.candidateType),
    ...known('other', other?.candidateType),
    ...known('ipv6', own?.address?.includes(':') || other?.address?.includes(':')),
    ...known('bytesSent', pair.bytesSent),
    ...known('bytesReceived', pair.bytesReceived),
  };
}

/** An RTCIceCandidateStats; TypeScript's DOM library has no type for it. */
interface CandidateStats {
  readonly candidateType?: RTCIceCandidateType;
  readonly address?: string | null;
}

function known<Name extends string, Value>(name: Name, value: Value | undefined) {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, Value>);
}
