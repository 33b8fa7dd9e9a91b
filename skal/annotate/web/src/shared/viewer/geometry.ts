/** Sizes and places in CSS pixels of the stage, or in pixels of the image. */
export type Size = { width: number; height: number }
export type Point = { x: number; y: number }

/** How an image lies on the stage: stage = image * scale + offset. */
export type View = { scale: number; x: number; y: number }

export const ZOOM_STEP = 1.25
const MAX_SCALE = 64
const MIN_PART = 0.25 // of the fitting scale

/** The view in which the whole image is seen, as large as it can be. */
export const fit = (image: Size, stage: Size): View => {
  const scale = Math.min(stage.width / image.width, stage.height / image.height)
  return centered(image, stage, scale)
}

const centered = (image: Size, stage: Size, scale: number): View => ({
  scale,
  x: (stage.width - image.width * scale) / 2,
  y: (stage.height - image.height * scale) / 2,
})

const limited = (scale: number, image: Size, stage: Size): number => {
  const fitting = fit(image, stage).scale
  return Math.min(Math.max(MAX_SCALE, fitting), Math.max(fitting * MIN_PART, scale))
}

/** The view after zooming by a factor, where one point of the stage stays. */
export const zoomAt = (view: View, factor: number, at: Point, image: Size, stage: Size): View => {
  const scale = limited(view.scale * factor, image, stage)
  const ratio = scale / view.scale
  return { scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio }
}

export const centerOf = (stage: Size): Point => ({ x: stage.width / 2, y: stage.height / 2 })

/** The view after moving the image; some of it stays on the stage. */
export const pan = (view: View, dx: number, dy: number, image: Size, stage: Size): View => ({
  ...view,
  x: within(view.x + dx, image.width * view.scale, stage.width),
  y: within(view.y + dy, image.height * view.scale, stage.height),
})

const KEPT = 32 // pixels of an image that stay visible

const within = (offset: number, length: number, room: number): number =>
  Math.min(room - KEPT, Math.max(KEPT - length, offset))

const isClose = (a: number, b: number): boolean => Math.abs(a - b) < 1e-3 * b

/** Whether the whole image is seen as at first. */
export const isFit = (view: View, image: Size, stage: Size): boolean =>
  isClose(view.scale, fit(image, stage).scale)

/** From fitting to one pixel of the image a pixel of the screen, and back. */
export const cycle = (view: View, image: Size, stage: Size, dpr: number): View => {
  if (!isFit(view, image, stage)) return fit(image, stage)
  return zoomAt(view, 1 / dpr / view.scale, centerOf(stage), image, stage)
}

/** The same view on a stage of another size: what was in the middle stays there. */
export const resized = (view: View, image: Size, from: Size, to: Size): View =>
  isFit(view, image, from)
    ? fit(image, to)
    : { ...view, x: view.x + (to.width - from.width) / 2, y: view.y + (to.height - from.height) / 2 }

/** The view of the next image: a zoom stays where both have one size; else it fits. */
export const carried = (view: View, from: Size, to: Size, stage: Size): View =>
  from.width === to.width && from.height === to.height ? view : fit(to, stage)

/** What is shown black and white, as shares of the range of values. */
export type Window = { center: number; width: number; isInverted: boolean }

export const NEUTRAL: Window = { center: 0.5, width: 1, isInverted: false }

const STEP = 0.9
const SHIFT = 0.05

export const narrower = (w: Window): Window => ({ ...w, width: Math.max(0.01, w.width * STEP) })
export const wider = (w: Window): Window => ({ ...w, width: Math.min(4, w.width / STEP) })
export const darker = (w: Window): Window => shifted(w, SHIFT)
export const brighter = (w: Window): Window => shifted(w, -SHIFT)
export const inverted = (w: Window): Window => ({ ...w, isInverted: !w.isInverted })

const shifted = (w: Window, by: number): Window => ({
  ...w,
  center: Math.min(1.5, Math.max(-0.5, w.center + by * Math.min(1, w.width))),
})

export const isNeutral = (w: Window): boolean =>
  w.center === NEUTRAL.center && w.width === NEUTRAL.width && !w.isInverted

/** What a value in [0, 1] is shown as, in [0, 1]: the same as in the shader. */
export const shown = (value: number, { center, width, isInverted }: Window): number => {
  const gray = Math.min(1, Math.max(0, (value - center) / width + 0.5))
  return isInverted ? 1 - gray : gray
}
