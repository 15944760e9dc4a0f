// The part of SubtleCrypto that is used, so that the browser's and Node's both fit.

type Data = Uint8Array<ArrayBuffer>;

export interface SubtleKey {
  readonly type: string;
}

export interface Subtle {
  digest(algorithm: string, data: Data): Promise<ArrayBuffer>;
  generateKey(
    algorithm: { name: string; namedCurve: string },
    extractable: boolean,
    usages: ('sign' | 'verify' | 'deriveBits')[],
  ): Promise<unknown>;
  exportKey(format: 'jwk', key: SubtleKey): Promise<{ readonly d?: string }>;
  exportKey(format: 'raw', key: SubtleKey): Promise<unknown>;
  importKey(
    format: 'raw',
    data: Data,
    algorithm: { name: string; namedCurve?: string },
    extractable: boolean,
    usages: ('sign' | 'verify' | 'deriveBits')[],
  ): Promise<SubtleKey>;
  importKey(
    format: 'jwk',
    data: { [field: string]: string },
    algorithm: { name: string; namedCurve?: string; hash?: string },
    extractable: boolean,
    usages: ('sign' | 'verify' | 'deriveBits')[],
  ): Promise<SubtleKey>;
  sign(
    algorithm: { name: string; hash?: string },
    key: SubtleKey,
    data: Data,
  ): Promise<ArrayBuffer>;
  verify(
    algorithm: { name: string; hash?: string },
    key: SubtleKey,
    signature: Data,
    data: Data,
  ): Promise<boolean>;
}
