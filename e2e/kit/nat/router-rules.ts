// What a home router does with packets, in the words of RFC 4787 (mapping / filtering), as rules for nftables. Interfaces:
// `wan` towards the world, `lan` towards the clients.

export const NAT_KINDS = [
  /** Public address: no translation, no firewall. */
  'none',
  /** Endpoint-independent mapping / endpoint-independent filtering. */
  'full cone',
  /** Endpoint-independent mapping / address-dependent filtering. */
  'address-restricted',
  /** Endpoint-independent mapping / address and port-dependent filtering. */
  'port-restricted',
  /** Address and port-dependent mapping, a random port for each flow / same filtering. */
  'symmetric',
  /** Translates, but drops all UDP; TCP passes. */
  'UDP blocked',
] as const;

export type NatKind = (typeof NAT_KINDS)[number];

interface Parts {
  readonly set?: string;
  readonly prerouting?: string;
  readonly postrouting?: string;
  readonly forward?: string;
}

const MASQUERADE = 'oifname wan masquerade';

/** `client`: the address that a cone's open ports lead to. */
export function routerRules(kind: NatKind, client: string): string {
  const { set = '', prerouting = '', postrouting = '', forward = '' } = partsOf(kind, client);
  const unasked = kind === 'none' ? '' : 'iifname wan ct state new ct status & dnat == 0 drop';
  const unasked6 = kind === 'none' ? '' : 'iifname wan ct state new drop';
  const blocked6 = kind === 'UDP blocked' ? 'meta l4proto udp drop' : '';
  // The router itself drops unasked packets without a word: a connection-tracking entry left behind by an early
  // packet from the other side would make masquerade choose another port, and the NAT a symmetric one.
  return `flush ruleset
table ip nat4 {
  ${set}
  chain before { type nat hook prerouting priority dstnat; ${prerouting}
  }
  chain after { type nat hook postrouting priority srcnat; ${postrouting}
  }
  chain through { type filter hook forward priority filter; ${forward}
    ${unasked}
  }
  chain here { type filter hook input priority filter; iifname wan ct state new meta l4proto { tcp, udp } drop
  }
}
table ip6 firewall6 {
  chain through { type filter hook forward priority filter; ${unasked6}
    ${blocked6}
  }
}
`;
}

function partsOf(kind: NatKind, client: string): Parts {
  switch (kind) {
    case 'none':
      return {};
    case 'port-restricted':
      return { postrouting: MASQUERADE };
    case 'symmetric':
      return { postrouting: `${MASQUERADE} fully-random` };
    case 'UDP blocked':
      return { postrouting: MASQUERADE, forward: 'meta l4proto udp drop' };
    case 'full cone':
      // A port stays open to everybody once the client has sent from it.
      return {
        postrouting: MASQUERADE,
        set: 'set open { type inet_service; flags dynamic,timeout; timeout 2m; }',
        forward: 'iifname lan meta l4proto udp update @open { udp sport }',
        prerouting: `iifname wan udp dport @open dnat to ${client}`,
      };
    case 'address-restricted':
      // Likewise, but only to addresses that the client has sent to from that port.
      return {
        postrouting: MASQUERADE,
        set: 'set open { type inet_service . ipv4_addr; flags dynamic,timeout; timeout 2m; }',
        forward: 'iifname lan meta l4proto udp update @open { udp sport . ip daddr }',
        prerouting: `iifname wan udp dport . ip saddr @open dnat to ${client}`,
      };
  }
}
