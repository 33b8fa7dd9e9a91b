import type { Picture } from '../images/picture'
import { canvasPainter } from './canvas2d'
import {
  carried,
  centerOf,
  cycle,
  fit,
  isFit,
  NEUTRAL,
  pan,
  resized,
  zoomAt,
  type Point,
  type Size,
  type Window,
} from './geometry'
import { usePreferences } from '../settings/store'
import type { Painter, Scene } from './painter'
import { webglPainter } from './webgl'

const NOTHING: Size = { width: 1, height: 1 }

const painterFor = (canvas: HTMLCanvasElement): Painter => {
  const { painter } = usePreferences.getState()
  const byCard = painter === 'processor' ? null : webglPainter(canvas, painter === 'card')
  return byCard ?? canvasPainter(canvas)
}

/** What a canvas shows, and how pointers change it. */
export class StageController {
  private readonly painter: Painter
  private readonly observer: ResizeObserver
  private readonly listening = new AbortController()
  private scene: Scene = {
    picture: null,
    image: NOTHING,
    view: { scale: 1, x: 0, y: 0 },
    window: NEUTRAL,
    dpr: 1,
  }
  private frame = 0
  stage: Size = NOTHING

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly isPanKeyDown: () => boolean,
    private readonly onChange: (scene: Scene, isFitting: boolean) => void,
  ) {
    this.painter = painterFor(canvas)
    canvas.dataset['painter'] = this.painter.kind
    this.resize()
    this.observer = new ResizeObserver(() => this.resize())
    this.observer.observe(canvas)
    this.listen()
  }

  dispose(): void {
    cancelAnimationFrame(this.frame)
    this.observer.disconnect()
    this.listening.abort()
    this.painter.dispose()
  }

  /** Show a picture at once: whoever calls this from a key sees it in the same frame. */
  show(picture: Picture | null, image: Size): void {
    const { view, image: before } = this.scene
    this.change({ picture, image, view: carried(view, before, image, this.stage) })
  }

  zoom(factor: number, at: Point = centerOf(this.stage)): void {
    this.later({ view: zoomAt(this.scene.view, factor, at, this.scene.image, this.stage) })
  }

  cycleZoom(): void {
    this.later({ view: cycle(this.scene.view, this.scene.image, this.stage, this.scene.dpr) })
  }

  pan(dx: number, dy: number): void {
    this.later({ view: pan(this.scene.view, dx, dy, this.scene.image, this.stage) })
  }

  changeWindow(change: (window: Window) => Window): void {
    this.later({ window: change(this.scene.window) })
  }

  reset(): void {
    this.later({ view: fit(this.scene.image, this.stage), window: NEUTRAL })
  }

  private change(changes: Partial<Scene>): void {
    this.scene = { ...this.scene, ...changes }
    this.painter.paint(this.scene)
    this.onChange(this.scene, isFit(this.scene.view, this.scene.image, this.stage))
  }

  /** Change what is shown in the next frame: a drag makes many changes a frame. */
  private later(changes: Partial<Scene>): void {
    this.scene = { ...this.scene, ...changes }
    cancelAnimationFrame(this.frame)
    this.frame = requestAnimationFrame(() => this.change({}))
  }

  private resize(): void {
    const { width, height } = this.canvas.getBoundingClientRect()
    if (width === 0 || height === 0) return
    const stage = { width, height }
    const dpr = window.devicePixelRatio
    this.canvas.width = Math.round(width * dpr)
    this.canvas.height = Math.round(height * dpr)
    const view = resized(this.scene.view, this.scene.image, this.stage, stage)
    this.stage = stage
    this.change({ view, dpr })
  }

  private listen(): void {
    const { signal } = this.listening
    const on = <K extends keyof HTMLElementEventMap>(
      name: K,
      listener: (event: HTMLElementEventMap[K]) => void,
    ) => this.canvas.addEventListener(name, listener, { signal, passive: false })
    let last: Point | null = null
    on('wheel', (event) => {
      event.preventDefault()
      const { left, top } = this.canvas.getBoundingClientRect()
      this.zoom(Math.exp(-event.deltaY / 400), { x: event.clientX - left, y: event.clientY - top })
    })
    on('pointerdown', (event) => {
      if (event.button > 1 || (event.button === 0 && event.shiftKey && !this.isPanKeyDown())) return
      last = { x: event.clientX, y: event.clientY }
      this.canvas.setPointerCapture(event.pointerId)
    })
    on('pointermove', (event) => {
      if (last === null) return
      this.pan(event.clientX - last.x, event.clientY - last.y)
      last = { x: event.clientX, y: event.clientY }
    })
    on('pointerup', () => (last = null))
    on('pointercancel', () => (last = null))
  }
}
