/** Things of different sizes, of which the least recently used give way beyond a limit. */
export class ByteCache<T> {
  private readonly kept = new Map<string, { value: T; bytes: number }>()
  private total = 0

  constructor(
    private readonly limit: number,
    private readonly onEvict: (value: T) => void,
  ) {}

  get bytes(): number {
    return this.total
  }

  has(key: string): boolean {
    return this.kept.has(key)
  }

  get(key: string): T | undefined {
    const found = this.kept.get(key)
    if (found === undefined) return undefined
    this.kept.delete(key)
    this.kept.set(key, found) // the last is the one used most recently
    return found.value
  }

  /** Keep a value; those of `pinned` keys stay, even where the limit is passed by them. */
  set(key: string, value: T, bytes: number, pinned: ReadonlySet<string> = new Set()): void {
    this.remove(key)
    this.kept.set(key, { value, bytes })
    this.total += bytes
    for (const other of [...this.kept.keys()]) {
      if (this.total <= this.limit) return
      if (other !== key && !pinned.has(other)) this.remove(other)
    }
  }

  keys(): string[] {
    return [...this.kept.keys()]
  }

  remove(key: string): void {
    const found = this.kept.get(key)
    if (found === undefined) return
    this.kept.delete(key)
    this.total -= found.bytes
    this.onEvict(found.value)
  }
}
