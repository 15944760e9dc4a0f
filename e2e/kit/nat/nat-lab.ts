// Two homes with a router each, and a world between them where servers run.
//
//                 world 203.0.113.1 to .3, and .11 to .13
//                /                                       \
//        router a .101                               router b .102
//        lan 10.0.1.0/24                             lan 10.0.2.0/24
//         |          \____________    _______________/       |
//     a: eth0 .2               eth1 (down)                b: eth0 .2
//
// Each client has a second, unplugged cable to the other one's LAN, to move there.
import { NetworkNamespaces } from '../network-namespaces.ts';
import { type NatKind, routerRules } from './router-rules.ts';
import { joinBySlowLink, type LinkQuality } from './slow-link.ts';

export type Client = 'a' | 'b';
export const WORLD = 'world';
const NUMBERS = { a: 1, b: 2 } as const;
const BRIDGE = ['type', 'bridge', 'forward_delay', '0'];
/** Of clients on a router's LAN: the one that lives there, and the other one when it visits. */
const AT_HOME = 2;
const VISITING = 3;

export interface Home {
  readonly nat: NatKind;
  /** Public IPv6 behind a firewall that lets out and lets answers in; not when left out. */
  readonly ipv6?: boolean;
}

export class NatLab {
  readonly spaces: NetworkNamespaces;

  private constructor(spaces: NetworkNamespaces) {
    this.spaces = spaces;
  }

  /** What is missing for it here, in one sentence. */
  static lacks(): Promise<string | undefined> {
    return NetworkNamespaces.lacks([{ program: 'nft', from: 'nftables' }]);
  }

  /** The quality is that of both routers' ways to the world, in each direction. */
  static async build(quality?: LinkQuality): Promise<NatLab> {
    const lab = new NatLab(await NetworkNamespaces.open('nat'));
    try {
      await lab.#buildWorld();
      for (const client of ['a', 'b'] as const) await lab.#buildHome(client, quality);
      for (const client of ['a', 'b'] as const) {
        await lab.#cableToLan(client, 'eth0', client);
        await lab.#cableToLan(client, 'eth1', otherThan(client));
        await lab.setHome(client, { nat: 'none' });
      }
      return lab;
    } catch (error) {
      await lab.remove();
      throw error;
    }
  }

  remove(): Promise<void> {
    return this.spaces.remove();
  }

  /** Makes a router of this kind of it, which remembers nothing of what went through it before; its client is at home. */
  async setHome(client: Client, { nat, ipv6 = false }: Home): Promise<void> {
    const { spaces } = this;
    const router = routerOf(client);
    const address = addressIn(client, nat, AT_HOME);
    await spaces.run(router, ['nft', '-f', '-'], routerRules(nat, address));
    // Taking the interface down makes the kernel forget every translation behind it.
    await spaces.ip(router, 'link', 'set', 'wan', 'down');
    await spaces.ip(router, 'link', 'set', 'wan', 'up');
    await spaces.ip(router, 'route', 'replace', 'default', 'via', '203.0.113.1');
    await this.#setAddresses(router, 'lan', addressesIn(client, { nat, ipv6 }, 1));
    const number = NUMBERS[client];
    if (ipv6) {
      const outside = [`2001:db8::10${number}/64`, 'dev', 'wan', 'nodad'];
      await spaces.ip(router, 'address', 'replace', ...outside);
      await spaces.ip(router, '-6', 'route', 'replace', 'default', 'via', '2001:db8::1');
    }
    await this.unplug(client, 'eth1');
    await this.#plug(client, 'eth0', client, AT_HOME, { nat, ipv6 });
  }

  /** The client goes over to the LAN behind the other one's router, which is of this kind. */
  async moveToOther(client: Client, there: Home): Promise<void> {
    await this.unplug(client, 'eth0');
    await this.#plug(client, 'eth1', otherThan(client), VISITING, there);
  }

  async unplug(client: Client, cable: 'eth0' | 'eth1'): Promise<void> {
    await this.spaces.ip(client, 'address', 'flush', 'dev', cable, 'scope', 'global');
    await this.spaces.ip(client, 'link', 'set', cable, 'down');
  }

  async #plug(client: Client, cable: string, lan: Client, host: number, home: Home): Promise<void> {
    const { spaces } = this;
    await spaces.ip(client, 'link', 'set', cable, 'up');
    await this.#setAddresses(client, cable, addressesIn(lan, home, host));
    const via = addressIn(lan, home.nat, 1);
    await spaces.ip(client, 'route', 'replace', 'default', 'via', via);
    if (home.ipv6 !== true) return;
    const via6 = `2001:db8:${NUMBERS[lan]}::1`;
    await spaces.ip(client, '-6', 'route', 'replace', 'default', 'via', via6);
  }

  /** These and no others. What stays is not touched: whoever loses its last address loses its multicast groups too. */
  async #setAddresses(place: string, device: string, wanted: readonly string[]): Promise<void> {
    const { spaces } = this;
    const shown = await spaces.ip(place, '-o', 'address', 'show', 'dev', device, 'scope', 'global');
    const held = [...shown.matchAll(/ inet6? (\S+)/g)].map(([, address = '']) => address);
    for (const address of held.filter((each) => !wanted.includes(each))) {
      await spaces.ip(place, 'address', 'delete', address, 'dev', device);
    }
    for (const address of wanted.filter((each) => !held.includes(each))) {
      const nodad = address.includes(':') ? ['nodad'] : [];
      await spaces.ip(place, 'address', 'add', address, 'dev', device, ...nodad);
    }
  }

  async #buildWorld(): Promise<void> {
    const { spaces } = this;
    await spaces.add(WORLD);
    await spaces.ip(WORLD, 'link', 'add', 'bridge0', ...BRIDGE);
    await spaces.ip(WORLD, 'link', 'set', 'bridge0', 'up');
    for (const host of [1, 2, 3, 11, 12, 13]) {
      await spaces.ip(WORLD, 'address', 'add', `203.0.113.${host}/24`, 'dev', 'bridge0');
    }
    await spaces.ip(WORLD, 'address', 'add', '2001:db8::1/64', 'dev', 'bridge0', 'nodad');
    await this.#forward(WORLD);
    const quiet = ['net.ipv4.conf.all.send_redirects=0', 'net.ipv4.conf.bridge0.send_redirects=0'];
    await spaces.run(WORLD, ['sysctl', '-qw', ...quiet]);
  }

  async #buildHome(client: Client, quality: LinkQuality | undefined): Promise<void> {
    const { spaces } = this;
    const router = routerOf(client);
    const number = NUMBERS[client];
    await spaces.add(router);
    await spaces.add(client);
    await this.#forward(router);
    await this.#switchUnfiltered(router);
    const port = `to-${router}`;
    if (quality === undefined) await spaces.cable(router, 'wan', WORLD, port);
    else await joinBySlowLink(spaces, [router, 'wan'], [WORLD, port], quality);
    await spaces.ip(WORLD, 'link', 'set', port, 'master', 'bridge0', 'up');
    await spaces.ip(router, 'address', 'add', `203.0.113.10${number}/24`, 'dev', 'wan');
    await spaces.ip(router, 'link', 'add', 'lan', ...BRIDGE);
    await spaces.ip(router, 'link', 'set', 'lan', 'up');
    // Whoever has a public address behind this router is reached through it.
    const network = `198.51.100.${(number - 1) * 128}/25`;
    await spaces.ip(WORLD, 'route', 'add', network, 'via', `203.0.113.10${number}`);
    const network6 = [`2001:db8:${number}::/64`, 'via', `2001:db8::10${number}`];
    await spaces.ip(WORLD, '-6', 'route', 'add', ...network6);
  }

  async #cableToLan(client: Client, end: string, lan: Client): Promise<void> {
    const router = routerOf(lan);
    const port = `lan-${client}`;
    await this.spaces.cable(client, end, router, port);
    await this.spaces.ip(router, 'link', 'set', port, 'master', 'lan', 'up');
  }

  /** A LAN's switch asks no firewall, but a kernel with br_netfilter would send what it bridges through the router's rules. */
  async #switchUnfiltered(router: string): Promise<void> {
    const off = ['net.bridge.bridge-nf-call-iptables=0', 'net.bridge.bridge-nf-call-ip6tables=0'];
    await this.spaces.run(router, ['sysctl', '-qe', '-w', ...off]);
  }

  async #forward(place: string): Promise<void> {
    const on = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'];
    await this.spaces.run(place, ['sysctl', '-qw', ...on]);
  }
}

function routerOf(client: Client): string {
  return `router-${client}`;
}

function otherThan(client: Client): Client {
  return client === 'a' ? 'b' : 'a';
}

function addressIn(lan: Client, nat: NatKind, host: number): string {
  const number = NUMBERS[lan];
  return nat === 'none' ? `198.51.100.${(number - 1) * 128 + host}` : `10.0.${number}.${host}`;
}

function addressesIn(lan: Client, { nat, ipv6 = false }: Home, host: number): readonly string[] {
  const address = `${addressIn(lan, nat, host)}/${nat === 'none' ? 25 : 24}`;
  return ipv6 ? [address, `2001:db8:${NUMBERS[lan]}::${host}/64`] : [address];
}
