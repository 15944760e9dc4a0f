// How a store fails. Who opens one says what error its own callers get, and with which remedy.

export type StoreFailureCode =
  | 'STORE_IN_USE'
  | 'STORE_OPEN_FAILED'
  | 'STORE_DAMAGED'
  | 'STORE_HOLE'
  | 'STORE_BEHIND'
  | 'STORE_VERSION'
  | 'STORE_WRITE_FAILED';

/** Makes the error of a failure; `detail` says where, in a sentence. */
export type FailWith<E extends Error = Error> = (
  code: StoreFailureCode,
  detail: string,
  options?: ErrorOptions,
) => E;
