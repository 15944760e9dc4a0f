// What the page and its blob worker say to each other.

export type BlobRequest =
  | {
      readonly id: number;
      readonly op: 'write';
      readonly name: string;
      readonly offset: number;
      readonly data: Uint8Array;
    }
  | {
      readonly id: number;
      readonly op: 'read';
      readonly name: string;
      readonly offset: number;
      readonly length: number;
    }
  | {
      readonly id: number;
      readonly op: 'size' | 'flush' | 'remove' | 'release';
      readonly name: string;
    };

export type BlobAnswer =
  | { readonly id: number; readonly ok: true; readonly data?: Uint8Array; readonly size?: number }
  | { readonly id: number; readonly ok: false; readonly full: boolean; readonly message: string };

/** Folder of the origin private file system that holds the blobs. */
export const BLOB_FOLDER = 'blobs';
