// What a browser gathers through a STUN server. Runs in a page, on its own.

/** The addresses that a connection learns of itself from these servers, each as `address port`. */
export async function gatherReflexive(urls: readonly string[]): Promise<string[]> {
  const connection = new RTCPeerConnection({ iceServers: [{ urls: [...urls] }] });
  connection.createDataChannel('gather');
  const learned: string[] = [];
  const complete = new Promise<void>((resolve) => {
    connection.onicecandidate = ({ candidate }) => {
      if (candidate === null) resolve();
      else if (candidate.type === 'srflx') learned.push(`${candidate.address} ${candidate.port}`);
    };
  });
  await connection.setLocalDescription();
  await complete;
  connection.close();
  return learned;
}
