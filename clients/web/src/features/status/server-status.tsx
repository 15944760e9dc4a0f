import type { ServerView } from '@rockpool/client-core';
import './server-status.css';

/** One line about the servers: never colour alone, and always what it means for the person. */
export function ServerStatus({ server }: { readonly server: ServerView }) {
  const stopped = server.nodes.filter((node) => !node.up);
  const back = server.nodes.filter((node) => node.justBack);
  const { tone, text } = wordsFor(server, stopped.map(nameOf), back.map(nameOf));
  return (
    <p className="server-status" data-tone={tone} role="status" aria-label="Servers">
      <span className="server-status-dot" aria-hidden="true" />
      {text}
    </p>
  );
}

const whenOf = (ms: number) =>
  new Date(ms).toLocaleString([], { weekday: 'short', hour: '2-digit', minute: '2-digit' });

const nameOf = (node: { readonly name: string }) => node.name;

function wordsFor(server: ServerView, stopped: readonly string[], back: readonly string[]) {
  if (server.status === 'offline') {
    return { tone: 'bad', text: 'No server answers. Open conversations go on.' };
  }
  if (server.status === 'connecting') return { tone: 'warn', text: 'Connecting…' };
  if (stopped.length > 0) {
    return { tone: 'warn', text: `Node ${stopped.join(', ')} stopped, nothing to do` };
  }
  if (server.graceEndsMs !== undefined) {
    const text = `The servers came back from an older state. Conversations go on; changes can be made again from ${whenOf(server.graceEndsMs)}`;
    return { tone: 'warn', text };
  }
  if (back.length > 0) return { tone: 'good', text: `Node ${back.join(', ')} is back` };
  return { tone: 'good', text: `Connected through node ${server.node ?? '?'}` };
}
