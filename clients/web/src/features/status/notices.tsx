import type { Notice } from '@rockpool/client-core';
import './notices.css';

/** Short news, read out politely: a node that stopped and came back, somebody who joined. */
export function Notices({ notices }: { readonly notices: readonly Notice[] }) {
  return (
    <div className="notices" role="status" aria-live="polite">
      {notices.map((notice) => (
        <p key={notice.id} className={`notice notice-${notice.tone}`}>
          {notice.text}
        </p>
      ))}
    </div>
  );
}
