import { get } from '../api/http'
import type { ImageFacts } from '../api/types'

/** The pixels of an image as they are kept for the stage, perhaps fewer than in the file. */
export type Picture =
  | { kind: 'colors'; bitmap: ImageBitmap; width: number; height: number }
  | { kind: 'raw'; values: Uint16Array; width: number; height: number; low: number; high: number }

export const bytesOf = (picture: Picture): number =>
  picture.width * picture.height * (picture.kind === 'raw' ? 2 : 4)

export const release = (picture: Picture): void => {
  if (picture.kind === 'colors') picture.bitmap.close()
}

const WHOLE = 65_535

const folderOf = (projectId: string, key: string): string =>
  `/projects/${encodeURIComponent(projectId)}/images/${encodeURIComponent(key)}`

/** The pixels of an image, its longest side at least `size`, or 0 for all that it has. */
export const loadPicture = (
  projectId: string,
  image: ImageFacts,
  size: number,
  signal?: AbortSignal,
): Promise<Picture> => {
  const folder = folderOf(projectId, image.content_key)
  return image.bits > 8
    ? loadRaw(`${folder}/raw?size=${size}`, signal)
    : loadColors(`${folder}?size=${size}`, signal)
}

const loadColors = async (path: string, signal?: AbortSignal): Promise<Picture> => {
  const response = await get(path, signal)
  const bitmap = await createImageBitmap(await response.blob())
  return { kind: 'colors', bitmap, width: bitmap.width, height: bitmap.height }
}

const loadRaw = async (path: string, signal?: AbortSignal): Promise<Picture> => {
  const response = await get(path, signal)
  const values = littleEndian(await response.arrayBuffer())
  const [low, high] = rangeOf(response.headers.get('Skal-Percentiles'))
  const width = Number(response.headers.get('Skal-Width'))
  const height = Number(response.headers.get('Skal-Height'))
  if (values.length !== width * height)
    throw new Error(`an image of ${width} × ${height} came with ${values.length} values`)
  return { kind: 'raw', values, width, height, low, high }
}

const littleEndian = (buffer: ArrayBuffer): Uint16Array => {
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1) return new Uint16Array(buffer)
  const view = new DataView(buffer)
  return Uint16Array.from({ length: buffer.byteLength / 2 }, (_, i) => view.getUint16(2 * i, true))
}

/** Which values, as shares of the range, are black and white at first: nearly all are between. */
export const rangeOf = (percentiles: string | null): [number, number] => {
  const values = JSON.parse(percentiles ?? '{}') as Record<string, number>
  const low = (values['0.5'] ?? 0) / WHOLE
  const high = (values['99.5'] ?? WHOLE) / WHOLE
  return high > low ? [low, high] : [0, 1]
}

/** A small picture of an image, as a file that `<img>` can show. */
export const loadThumbnail = async (
  projectId: string,
  key: string,
  signal?: AbortSignal,
): Promise<Blob> => (await get(`${folderOf(projectId, key)}/thumbnail`, signal)).blob()
