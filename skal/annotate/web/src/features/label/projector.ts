import { createStore, type StoreApi } from 'zustand'
import { loadThumbnail, type Picture } from '../../shared/images/picture'
import { projectPrefetcher, type Prefetcher, type Wanted } from '../../shared/images/prefetch'
import { sizeFor } from '../../shared/images/size'
import type { StageHandle } from '../../shared/viewer/Stage'
import { around, currentCard, type Card, type Sitting } from './model'

const N_AHEAD = 5
const N_BEHIND = 10
const SLOW = 300 // ms

/** What is seen of the image on the stage. */
export type Seen =
  | { kind: 'nothing' }
  | { kind: 'loading'; isSlow: boolean }
  | { kind: 'shown' }
  | { kind: 'broken'; error: unknown }

const NOTHING: Seen = { kind: 'nothing' }

/** Brings pictures onto the stage, ahead of time, in the same frame as the key that asks for them. */
export class Projector {
  readonly seen: StoreApi<Seen> = createStore<Seen>(() => NOTHING)
  private readonly prefetcher: Prefetcher
  private card: Card | null = null
  private painted: Picture | null = null
  private waitingFor: Card | null = null
  private detail: Wanted | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private sitting: Sitting | null = null
  private actedAt: number | null = null

  constructor(
    private readonly projectId: string,
    private readonly sizes: readonly number[],
    private readonly stage: StageHandle,
  ) {
    this.prefetcher = projectPrefetcher(projectId, () => this.refresh())
  }

  dispose(): void {
    clearTimeout(this.timer)
    this.prefetcher.clear()
  }

  /** Note when somebody has acted: what is shown next is measured from then. */
  noteAct(moment: number): void {
    this.actedAt = moment
  }

  /** Show the image that is on the table now. */
  update(sitting: Sitting): void {
    this.sitting = sitting
    const card = currentCard(sitting)
    if (card?.item.id !== this.card?.item.id) this.change(card)
    this.want(sitting)
    this.refresh()
  }

  /** Load all pixels of the image on the stage, where so many are seen. */
  needDetail(shownPixels: number): void {
    const { card, painted } = this
    if (card === null || painted === null || this.detail !== null) return
    const { width, height } = card.item.image
    if (painted.width >= width || shownPixels <= 1.25 * Math.max(painted.width, painted.height)) return
    if (Math.max(painted.width, painted.height) >= Math.max(width, height)) return
    this.detail = { image: card.item.image, size: 0 }
    if (this.sitting !== null) this.want(this.sitting)
  }

  retry(): void {
    this.prefetcher.retry()
    this.refresh()
  }

  private change(card: Card | null): void {
    clearTimeout(this.timer)
    this.card = card
    this.detail = null
    this.painted = this.waitingFor = null
    if (card === null) {
      this.stage.show(null, { width: 1, height: 1 })
      this.seen.setState(NOTHING, true)
    } else this.timer = setTimeout(() => this.bridge(card), SLOW)
  }

  private wantedOf(card: Card): Wanted {
    const { image } = card.item
    return { image, size: sizeFor(image, this.stage.size(), window.devicePixelRatio, this.sizes) }
  }

  private want(sitting: Sitting): void {
    const ahead = around(sitting, 0, N_AHEAD + 1).map((card) => this.wantedOf(card))
    const behind = around(sitting, -N_BEHIND, 0).map((card) => this.wantedOf(card))
    const first = this.detail === null ? [] : [this.detail]
    this.prefetcher.want([...ahead.slice(0, 1), ...first, ...ahead.slice(1)], behind)
  }

  private refresh(): void {
    const { card } = this
    if (card === null) return
    const wanted = this.wantedOf(card)
    const best = (this.detail && this.prefetcher.get(this.detail)) ?? this.prefetcher.get(wanted)
    const error = this.prefetcher.errorOf(wanted)
    if (best !== undefined) this.paint(card, best)
    else if (error !== undefined) this.fail(error)
    else if (this.painted === null) this.wait(card)
  }

  private paint(card: Card, picture: Picture): void {
    if (picture === this.painted) return
    clearTimeout(this.timer)
    this.painted = picture
    this.stage.show(picture, card.item.image)
    this.seen.setState({ kind: 'shown' }, true)
    this.measure()
  }

  private fail(error: unknown): void {
    clearTimeout(this.timer) // no thumbnail takes the place of the reason
    this.seen.setState({ kind: 'broken', error }, true)
  }

  private wait(card: Card): void {
    if (this.waitingFor === card) return
    this.waitingFor = card
    this.stage.show(null, card.item.image)
    this.seen.setState({ kind: 'loading', isSlow: false }, true)
  }

  /** Show a small copy while the picture takes long: one can answer by it. */
  private async bridge(card: Card): Promise<void> {
    if (this.painted !== null || this.card !== card) return
    this.seen.setState({ kind: 'loading', isSlow: true }, true)
    try {
      const small = await loadThumbnail(this.projectId, card.item.image.content_key)
      const bitmap = await createImageBitmap(small)
      const { width, height } = bitmap
      if (this.painted === null && this.card === card)
        this.stage.show({ kind: 'colors', bitmap, width, height }, card.item.image)
    } catch (error) {
      console.info('there is no small copy of this image yet', error)
    }
  }

  /** Say how long it took from a key to the frame that shows the next image. */
  private measure(): void {
    const start = this.actedAt
    this.actedAt = null
    if (start === null) return
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel() // its message comes after the frame is painted
      port1.onmessage = () => performance.measure('skal:key-to-image', { start, end: performance.now() })
      port2.postMessage(null)
    })
  }
}
