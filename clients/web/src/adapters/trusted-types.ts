// The page's Content-Security-Policy demands Trusted Types and allows this one policy. All it lets
// through is a worker script of our own build; no HTML and no other script can be made from text.

interface TrustedScriptUrl {
  toString(): string;
}
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): TrustedScriptUrl };
}

/** Named in the server's Content-Security-Policy (`trusted-types rockpool-worker`). */
const POLICY = 'rockpool-worker';

const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
const policy = types?.createPolicy(POLICY, {
  createScriptURL(url) {
    const { origin, pathname } = new URL(url, location.href);
    if (origin !== location.origin || !pathname.endsWith('.js')) {
      throw new TypeError('only workers of this page may be started');
    }
    return url;
  },
});

export function trustedWorkerUrl(url: string): string {
  // Browsers with Trusted Types want the policy's object; the DOM types know only strings.
  return policy === undefined ? url : (policy.createScriptURL(url) as unknown as string);
}
