import type { DeviceView } from '@rockpool/client-core';
import { AppWindow, type LucideIcon, Monitor, Server, Smartphone } from 'lucide-react';

interface KindOfDevice {
  readonly name: string;
  readonly Icon: LucideIcon;
}

export const DEVICE_KINDS: Readonly<Record<DeviceView['kind'], KindOfDevice>> = {
  browser: { name: 'Browser', Icon: AppWindow },
  desktop: { name: 'Computer', Icon: Monitor },
  phone: { name: 'Phone', Icon: Smartphone },
  anchor: { name: 'Always-on device', Icon: Server },
};
