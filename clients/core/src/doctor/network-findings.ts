// From measurements of a network to what a person should know of it, in plain words.

import type { NetworkMeasurement } from './measurement.ts';

/** 'fair': works with most others. 'unknown': could not be found out, which is no fault. */
export type Tone = 'good' | 'fair' | 'bad' | 'unknown';

export interface Finding {
  readonly about: 'way out' | 'router' | 'newer addresses' | 'address servers';
  readonly tone: Tone;
  readonly title: string;
  readonly words: string;
  /** What to do about it. */
  readonly help?: string;
}

/** What stands between this device and the others. */
export type RouterKind =
  | 'none'
  | 'letsAnyone'
  | 'letsKnownAddresses'
  | 'letsKnownPorts'
  /** Keeps one address; whom it lets in could not be found out. */
  | 'steady'
  | 'changing'
  | 'blocked'
  | 'unknown';

export function routerKind(measured: NetworkMeasurement): RouterKind {
  const { servers, translated, mapping, filtering } = measured;
  if (!servers.some(({ answered }) => answered)) {
    return servers.length === 0 ? 'unknown' : 'blocked';
  }
  if (mapping === 'changing') return 'changing';
  if (translated === false) return 'none';
  if (mapping === 'unknown') return 'unknown';
  if (filtering === 'anyone') return 'letsAnyone';
  if (filtering === 'sameAddress') return 'letsKnownAddresses';
  return filtering === 'samePort' ? 'letsKnownPorts' : 'steady';
}

const ANOTHER_NETWORK = 'Use another network, such as a phone’s hotspot';

type Words = Pick<Finding, 'tone' | 'title' | 'words' | 'help'>;

const ROUTERS: Readonly<Record<RouterKind, Words>> = {
  none: {
    tone: 'good',
    title: 'No router in between',
    words: 'This device has an address of its own on the internet. Every other device can find it.',
  },
  letsAnyone: {
    tone: 'good',
    title: 'A router that is easy to get through',
    words: 'It keeps one address for this device and lets everybody answer there.',
  },
  letsKnownAddresses: {
    tone: 'good',
    title: 'A router that is easy to get through',
    words: 'It keeps one address for this device and lets those in that it has written to.',
  },
  letsKnownPorts: {
    tone: 'fair',
    title: 'An ordinary router',
    words:
      'It keeps one address for this device and lets in only whom it has written to. ' +
      'This works with most networks, but not with those that change addresses all the time.',
  },
  steady: {
    tone: 'fair',
    title: 'An ordinary router, or none',
    words: 'This device keeps one address on the internet. This works with most networks.',
  },
  changing: {
    tone: 'bad',
    title: 'A strict router',
    words:
      'It uses a new address for each connection, so that others cannot know where to answer. ' +
      'Only devices on the same network and on very open networks can be reached.',
    help: `${ANOTHER_NETWORK}, or ask whoever runs this one for newer addresses (IPv6), which need no such router.`,
  },
  blocked: {
    tone: 'unknown',
    title: 'Router not tested',
    words: 'Nothing comes back from outside, so nothing can be said about the router.',
  },
  unknown: {
    tone: 'unknown',
    title: 'Router not tested',
    words: 'It takes two answering address servers to find out how the router behaves.',
  },
};

export function networkFindings(measured: NetworkMeasurement): readonly Finding[] {
  return [
    wayOut(measured),
    { about: 'router', ...ROUTERS[routerKind(measured)] },
    newerAddresses(measured),
    addressServers(measured),
  ];
}

function wayOut({ servers }: NetworkMeasurement): Finding {
  const about = 'way out';
  if (servers.length === 0) {
    return {
      about,
      tone: 'unknown',
      title: 'Way out not tested',
      words: 'The servers have named no address server to test it with.',
      help: 'While the servers are out of reach, this is expected. Try again once they are back.',
    };
  }
  if (servers.some(({ answered }) => answered)) {
    return {
      about,
      tone: 'good',
      title: 'Direct connections get out',
      words: 'This network lets the kind of traffic through that devices use among themselves.',
    };
  }
  return {
    about,
    tone: 'bad',
    title: 'Direct connections do not get out',
    words:
      'No address server answered: this network blocks direct connections, or has no way to the internet. ' +
      'Devices on the same network can still be reached.',
    help: `${ANOTHER_NETWORK}, or have the firewall of this one let UDP out.`,
  };
}

const IPV6: Readonly<Record<NetworkMeasurement['ipv6'], Words>> = {
  works: {
    tone: 'good',
    title: 'Newer addresses (IPv6) work',
    words: 'Two devices that both have them need no help of their routers.',
  },
  address: {
    tone: 'good',
    title: 'Newer addresses (IPv6) are there',
    words: 'Two devices that both have them need no help of their routers.',
  },
  none: {
    tone: 'unknown',
    title: 'No newer addresses (IPv6)',
    words: 'This is common and no fault. With them, strict routers would do no harm.',
  },
  unknown: {
    tone: 'unknown',
    title: 'Newer addresses (IPv6) not tested',
    words: 'None of the address servers has one to test them with.',
  },
};

function newerAddresses({ ipv6 }: NetworkMeasurement): Finding {
  return { about: 'newer addresses', ...IPV6[ipv6] };
}

function addressServers({ servers }: NetworkMeasurement): Finding {
  const silent = servers.filter(({ answered }) => !answered).length;
  const count = `${servers.length - silent} of ${servers.length}`;
  if (servers.length === 0) {
    return {
      about: 'address servers',
      tone: 'unknown',
      title: 'No address servers known',
      words: 'They are named by the servers once this device is connected to one.',
    };
  }
  return {
    about: 'address servers',
    tone: silent === 0 ? 'good' : silent === servers.length ? 'bad' : 'fair',
    title: `${count} address servers answered`,
    words: 'They tell a device its own address as others see it. One that answers is enough.',
  };
}
