import { useEffect, useState } from 'react'

export const SLOW = 300 // ms, below which nothing flashes

/** Whether something has gone on for so long that people should be told. */
export const useIsSlow = (isGoingOn: boolean, ms = SLOW): boolean => {
  const [isSlow, setIsSlow] = useState(false)
  useEffect(() => {
    if (!isGoingOn) return
    const timer = setTimeout(() => setIsSlow(true), ms)
    return () => {
      clearTimeout(timer)
      setIsSlow(false)
    }
  }, [isGoingOn, ms])
  return isGoingOn && isSlow
}
