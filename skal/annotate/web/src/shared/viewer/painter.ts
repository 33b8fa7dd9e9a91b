import type { Picture } from '../images/picture'
import type { Size, View, Window } from './geometry'

/** What is painted: a picture of an image, whose size in its own pixels is `image`. */
export type Scene = {
  picture: Picture | null
  image: Size
  view: View
  window: Window
  dpr: number
}

export type Painter = {
  kind: 'webgl2' | 'canvas2d'
  /** Paint now: when it returns, the next frame shows it. */
  paint: (scene: Scene) => void
  dispose: () => void
}

/** The values that are black and white: the window of the user within that of the picture. */
export const limitsOf = (picture: Picture, window: Window): { low: number; range: number } => {
  const [first, last] = picture.kind === 'raw' ? [picture.low, picture.high] : [0, 1]
  const span = last - first
  const low = first + (window.center - window.width / 2) * span
  return { low, range: Math.max(1e-6, window.width * span) }
}

const CRISP = 2 // pixels of the screen a pixel of the picture, beyond which pixels are squares

/** Whether to mix neighbors: pixels that are seen one by one are shown as they are. */
export const isSmooth = (picture: Picture, image: Size, view: View, dpr: number): boolean =>
  (image.width * view.scale * dpr) / picture.width < CRISP
