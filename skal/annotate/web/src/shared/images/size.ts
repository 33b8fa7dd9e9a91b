import type { ImageFacts } from '../api/types'

/** The size to ask for, so that an image fits a stage without being enlarged; 0 for all of it. */
export const sizeFor = (
  image: Pick<ImageFacts, 'width' | 'height'>,
  stage: { width: number; height: number },
  dpr: number,
  sizes: readonly number[],
): number => {
  const scale = Math.min(stage.width / image.width, stage.height / image.height)
  const longest = Math.max(image.width, image.height)
  const needed = longest * scale * dpr
  const offered = sizes.find((size) => size >= needed) ?? 0
  return offered >= longest ? 0 : offered
}
