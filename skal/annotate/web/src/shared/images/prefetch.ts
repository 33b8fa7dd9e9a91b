import type { ImageFacts } from '../api/types'
import { ByteCache } from './cache'
import { bytesOf, loadPicture, release, type Picture } from './picture'

const LIMIT = 192 * 2 ** 20
const AT_ONCE = 3

export type Wanted = { image: ImageFacts; size: number }
type Load = (wanted: Wanted, signal: AbortSignal) => Promise<Picture>

export const keyOf = ({ image, size }: Wanted): string => `${image.content_key}@${size}`

/** Pictures around the one on the stage: loaded ahead in order of need, few at once. */
export class Prefetcher {
  private readonly cache = new ByteCache<Picture>(LIMIT, release)
  private readonly loading = new Map<string, AbortController>()
  private readonly failed = new Map<string, unknown>()
  private wanted: readonly Wanted[] = []
  private pinned: ReadonlySet<string> = new Set()

  constructor(
    private readonly load: Load,
    private readonly onChange: (key: string) => void,
  ) {}

  get(wanted: Wanted): Picture | undefined {
    return this.cache.get(keyOf(wanted))
  }

  errorOf(wanted: Wanted): unknown {
    return this.failed.get(keyOf(wanted))
  }

  /** Load these, the first ones first; what is loading and no longer wanted is stopped. */
  want(wanted: readonly Wanted[], behind: readonly Wanted[] = []): void {
    this.wanted = wanted
    this.pinned = new Set([...wanted, ...behind].map(keyOf))
    for (const [key, stopping] of this.loading) if (!this.pinned.has(key)) stopping.abort()
    this.next()
  }

  /** Try again what has failed. */
  retry(): void {
    this.failed.clear()
    this.next()
  }

  /** Forget all pictures. */
  clear(): void {
    for (const stopping of this.loading.values()) stopping.abort()
    for (const key of this.cache.keys()) this.cache.remove(key)
  }

  private next(): void {
    for (const wanted of this.wanted) {
      if (this.loading.size >= AT_ONCE) return
      const key = keyOf(wanted)
      if (this.cache.has(key) || this.loading.has(key) || this.failed.has(key)) continue
      void this.begin(wanted, key)
    }
  }

  private async begin(wanted: Wanted, key: string): Promise<void> {
    const stopping = new AbortController()
    this.loading.set(key, stopping)
    try {
      const picture = await this.load(wanted, stopping.signal)
      this.cache.set(key, picture, bytesOf(picture), this.pinned)
    } catch (error) {
      if (!stopping.signal.aborted) this.failed.set(key, error)
    } finally {
      this.loading.delete(key)
    }
    this.onChange(key)
    this.next()
  }
}

export const projectPrefetcher = (
  projectId: string,
  onChange: (key: string) => void,
): Prefetcher =>
  new Prefetcher(
    ({ image, size }, signal) => loadPicture(projectId, image, size, signal),
    onChange,
  )
