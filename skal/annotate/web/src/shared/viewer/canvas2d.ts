import type { Picture } from '../images/picture'
import { isNeutral, type Window } from './geometry'
import { isSmooth, limitsOf, type Painter, type Scene } from './painter'

type Surface = OffscreenCanvas | ImageBitmap

/** What each of 256 values is shown as. */
export const tableOf = (picture: Picture, window: Window): Uint8ClampedArray => {
  const { low, range } = limitsOf(picture, window)
  return Uint8ClampedArray.from({ length: 256 }, (_, value) => {
    const gray = Math.min(1, Math.max(0, (value / 255 - low) / range))
    return Math.round(255 * (window.isInverted ? 1 - gray : gray))
  })
}

const contextOf = (surface: OffscreenCanvas): OffscreenCanvasRenderingContext2D => {
  const context = surface.getContext('2d', { willReadFrequently: true })
  if (context === null) throw new Error('this browser draws on no canvas')
  return context
}

const windowed = (picture: Picture, window: Window): Surface => {
  if (picture.kind === 'raw') throw new Error('values of 16 bits need WebGL2')
  if (isNeutral(window)) return picture.bitmap
  const surface = new OffscreenCanvas(picture.width, picture.height)
  const context = contextOf(surface)
  context.drawImage(picture.bitmap, 0, 0)
  const pixels = context.getImageData(0, 0, picture.width, picture.height)
  const table = tableOf(picture, window)
  pixels.data.forEach((value, i) => {
    if (i % 4 < 3) pixels.data[i] = table[value] ?? value
  })
  context.putImageData(pixels, 0, 0)
  return surface
}

/** A painter for browsers without WebGL2: 8 bits, and a window is worked into the pixels. */
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
