import { useEffect, useImperativeHandle, useLayoutEffect, useRef, type Ref } from 'react'
import type { Picture } from '../images/picture'
import { StageController } from './controller'
import type { Point, Size, View, Window } from './geometry'
import styles from './Stage.module.css'

/** What is on the stage, and what can be done with it, without a rendering of React. */
export type StageHandle = {
  show: (picture: Picture | null, image: Size) => void
  zoom: (factor: number, at?: Point) => void
  cycleZoom: () => void
  pan: (dx: number, dy: number) => void
  changeWindow: (change: (window: Window) => Window) => void
  reset: () => void
  size: () => Size
}

type Props = {
  ref: Ref<StageHandle>
  label: string
  isPanKeyDown: () => boolean
  onView?: (view: View, window: Window, isFit: boolean) => void
  onNeedDetail?: (shownPixels: number) => void
}

/** An image on a neutral ground: zoom, pan, window and level. */
export const Stage = ({ ref, label, isPanKeyDown, onView, onNeedDetail }: Props) => {
  const canvas = useRef<HTMLCanvasElement>(null)
  const controller = useRef<StageController>(null)
  const told = useRef({ onView, onNeedDetail })
  useEffect(() => {
    told.current = { onView, onNeedDetail }
  })
  useLayoutEffect(() => {
    if (canvas.current === null) return
    const made = new StageController(canvas.current, isPanKeyDown, (scene, isFitting) => {
      const { image, view, window, dpr } = scene
      told.current.onView?.(view, window, isFitting)
      told.current.onNeedDetail?.(Math.max(image.width, image.height) * view.scale * dpr)
    })
    controller.current = made
    return () => made.dispose()
  }, [isPanKeyDown])
  useImperativeHandle(ref, () => {
    const use = () => {
      if (controller.current === null) throw new Error('the stage is not there')
      return controller.current
    }
    return {
      show: (picture, image) => use().show(picture, image),
      zoom: (factor, at) => use().zoom(factor, at),
      cycleZoom: () => use().cycleZoom(),
      pan: (dx, dy) => use().pan(dx, dy),
      changeWindow: (change) => use().changeWindow(change),
      reset: () => use().reset(),
      size: () => use().stage,
    }
  }, [])
  return <canvas ref={canvas} role="img" aria-label={label} className={styles.canvas} />
}
