// WebCrypto's keys as opaque handles.

interface CryptoKey {
  readonly type: string;
  readonly extractable: boolean;
}

interface CryptoKeyPair {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}
