// What other devices told a page of themselves, and the paths that it took to them.
import type { BrowserContext, Page } from 'playwright-core';

interface Recording {
  /** Descriptions and candidates, as they reached the platform. */
  readonly told: string[];
  readonly connections: Set<RTCPeerConnection>;
}

type RecordingWindow = typeof globalThis & { recording: Recording };

/** From the next page on. */
export async function recordSignals(context: BrowserContext): Promise<void> {
  await context.addInitScript(record);
}

/** Since the page was opened. */
export function toldTo(page: Page): Promise<string[]> {
  return page.evaluate(() => (globalThis as RecordingWindow).recording.told);
}

/** Kinds of candidates, `own to other`, of every connection that is open. */
export function pathsOf(page: Page): Promise<string[]> {
  return page.evaluate(pathsTaken);
}

/** Runs in the page, before anything of it. */
function record(): void {
  const recording: Recording = { told: [], connections: new Set() };
  Object.assign(globalThis, { recording });
  const { prototype } = RTCPeerConnection;
  const { setRemoteDescription, addIceCandidate } = prototype;
  prototype.setRemoteDescription = function (description) {
    recording.connections.add(this);
    recording.told.push(description.sdp ?? '');
    return Reflect.apply(setRemoteDescription, this, [description]);
  };
  prototype.addIceCandidate = function (candidate) {
    recording.told.push(candidate?.candidate ?? '');
    return Reflect.apply(addIceCandidate, this, [candidate]);
  };
}

/** Runs in the page. */
async function pathsTaken(): Promise<string[]> {
  const paths: string[] = [];
  for (const connection of (globalThis as RecordingWindow).recording.connections) {
    if (connection.connectionState !== 'connected') continue;
    const stats = new Map<string, RTCStats & Record<string, unknown>>();
    for (const [id, each] of await connection.getStats()) stats.set(id, each);
    const pairs = [...stats.values()].filter(({ type, nominated, state }) => {
      return type === 'candidate-pair' && nominated === true && state === 'succeeded';
    });
    for (const { localCandidateId, remoteCandidateId } of pairs) {
      const kinds = [localCandidateId, remoteCandidateId].map((id) => {
        return String(stats.get(String(id))?.['candidateType']);
      });
      paths.push(kinds.join(' to '));
    }
  }
  return paths;
}
