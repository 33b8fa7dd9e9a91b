import type { Picture } from '../images/picture'
import { isNeutral, type Window } from './geometry'
import { isSmooth, limitsOf, type Painter, type Scene } from './painter'

type Surface = OffscreenCanvas | ImageBitmap

/** What each of `n` values is shown as. */
export const tableOf = (picture: Picture, window: Window, n: 256 | 65_536): Uint8ClampedArray => {
  const { low, range } = limitsOf(picture, window)
  const table = new Uint8ClampedArray(n)
  for (let value = 0; value < n; value += 1) {
    const gray = Math.min(1, Math.max(0, (value / (n - 1) - low) / range))
    table[value] = Math.round(255 * (window.isInverted ? 1 - gray : gray))
  }
  return table
}

const contextOf = (surface: OffscreenCanvas): OffscreenCanvasRenderingContext2D => {
  const context = surface.getContext('2d', { willReadFrequently: true })
  if (context === null) throw new Error('this browser draws on no canvas')
  return context
}

const windowed = (picture: Picture, window: Window): Surface => {
  if (picture.kind === 'colors' && isNeutral(window)) return picture.bitmap
  const surface = new OffscreenCanvas(picture.width, picture.height)
  const context = contextOf(surface)
  context.putImageData(
    picture.kind === 'raw' ? grays(picture, window) : recolored(context, picture, window),
    0,
    0,
  )
  return surface
}

const grays = (picture: Picture & { kind: 'raw' }, window: Window): ImageData => {
  const { values, width, height } = picture
  const table = tableOf(picture, window, 65_536)
  const pixels = new ImageData(width, height)
  const words = new Uint32Array(pixels.data.buffer)
  for (let i = 0; i < values.length; i += 1) {
    const gray = table[values[i] ?? 0] ?? 0
    words[i] = 0xff000000 | (gray << 16) | (gray << 8) | gray
  }
  return pixels
}

const recolored = (
  context: OffscreenCanvasRenderingContext2D,
  picture: Picture & { kind: 'colors' },
  window: Window,
): ImageData => {
  context.drawImage(picture.bitmap, 0, 0)
  const pixels = context.getImageData(0, 0, picture.width, picture.height)
  const table = tableOf(picture, window, 256)
  const { data } = pixels
  for (let i = 0; i < data.length; i += 1) if (i % 4 < 3) data[i] = table[data[i] ?? 0] ?? 0
  return pixels
}

/** A painter for browsers without fast WebGL2: a window is worked into the pixels. */
export const canvasPainter = (canvas: HTMLCanvasElement): Painter => {
  const context = canvas.getContext('2d')
  if (context === null) throw new Error('this browser draws on no canvas')
  let last: { picture: Picture; window: Window; surface: Surface } | null = null

  const surfaceOf = (picture: Picture, window: Window): Surface => {
    if (last?.picture === picture && last.window === window) return last.surface
    last = { picture, window, surface: windowed(picture, window) }
    return last.surface
  }
  return {
    kind: 'canvas2d',
    paint: ({ picture, image, view, window, dpr }: Scene) => {
      context.setTransform(1, 0, 0, 1, 0, 0)
      context.clearRect(0, 0, canvas.width, canvas.height)
      if (picture === null) return
      const scale = view.scale * dpr
      context.imageSmoothingEnabled = isSmooth(picture, image, view, dpr)
      const size = [image.width * scale, image.height * scale] as const
      context.drawImage(surfaceOf(picture, window), view.x * dpr, view.y * dpr, ...size)
    },
    dispose: () => undefined,
  }
}
