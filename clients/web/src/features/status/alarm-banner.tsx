import type { Alarm } from '@rockpool/client-core';
import { Info, OctagonAlert, RefreshCw } from 'lucide-react';
import './alarm-banner.css';

const ICONS = { notice: Info, check: RefreshCw, stop: OctagonAlert } as const;

/** Trouble with who is in this pool, at its three levels. */
export function AlarmBanner({ alarm }: { readonly alarm: Alarm }) {
  const Icon = ICONS[alarm.level];
  return (
    <p className={`alarm alarm-${alarm.level}`} role={alarm.level === 'stop' ? 'alert' : 'status'}>
      <Icon aria-hidden="true" />
      {alarm.message}
    </p>
  );
}
