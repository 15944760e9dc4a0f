// What every answer tells the browser: only code of this origin runs, nothing may frame the page,
// and no text becomes code or markup except the client's own worker script.

/** The one Trusted Types policy of the web client: it names its worker's script, nothing else. */
const TRUSTED_TYPES_POLICY = 'rockpool-worker';
const ONE_YEAR_SECONDS = 31_536_000;

export function securityHeaders(publicOrigin: string): Readonly<Record<string, string>> {
  const secure = publicOrigin.startsWith('https:');
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    'media-src blob:',
    `connect-src 'self' ${publicOrigin.replace(/^http/, 'ws')}`,
    "worker-src 'self'",
    "manifest-src 'self'",
    "require-trusted-types-for 'script'",
    `trusted-types ${TRUSTED_TYPES_POLICY}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    ...(secure ? { 'strict-transport-security': `max-age=${ONE_YEAR_SECONDS}` } : {}),
  };
}
