const LEAST_CAPACITY = 16 * 1024;

/**
 * A body as it comes in. One piece is kept as it is, which is the usual case; several are copied into one buffer that
 * grows, because a buffer for each piece takes 270 bytes, however small the piece: chunks of one byte would take
 * that much memory for each.
 */
export class BodyBuffer {
  #bytes: Buffer | null = null;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Memory that it will take with this piece in it, bytes. */
  sizeWith(piece: Buffer): number {
    const needed = this.#length + piece.length;
    const capacity = this.#bytes?.length ?? 0;
    if (this.#bytes === null) return needed;
    return needed <= capacity ? capacity : Math.max(needed, 2 * capacity, LEAST_CAPACITY);
  }

  append(piece: Buffer): void {
    const size = this.sizeWith(piece);
    if (this.#bytes === null) {
      this.#bytes = piece;
    } else {
      if (size > this.#bytes.length) {
        const larger = Buffer.allocUnsafe(size);
        this.#bytes.copy(larger, 0, 0, this.#length);
        this.#bytes = larger;
      }
      piece.copy(this.#bytes, this.#length);
    }
    this.#length += piece.length;
  }

  /** The bytes so far. */
  bytes(): Buffer {
    return this.#bytes === null ? Buffer.alloc(0) : this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#bytes = null;
    this.#length = 0;
  }
}
