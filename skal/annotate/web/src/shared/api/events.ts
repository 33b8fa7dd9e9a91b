import { noteSilence, useConnection } from './connection'
import { takeFrames } from './frames'
import { get } from './http'
import type { ServerEvent } from './types'

const FIRST_WAIT = 500
const LONGEST_WAIT = 8000
const SILENCE = 40_000 // the server says something every 15 s

/** Follow what the server says until stopped, over as many connections as it takes. */
export const followEvents = (onEvent: (event: ServerEvent) => void): (() => void) => {
  const stopping = new AbortController()
  void follow(onEvent, stopping.signal)
  return () => stopping.abort()
}

const follow = async (onEvent: (event: ServerEvent) => void, signal: AbortSignal) => {
  let wait = FIRST_WAIT
  while (!signal.aborted && !useConnection.getState().isRefused) {
    const began = performance.now()
    await readStream(onEvent, signal)
    if (signal.aborted) return
    wait = performance.now() - began > LONGEST_WAIT ? FIRST_WAIT : Math.min(LONGEST_WAIT, wait * 2)
    await sleep(wait, signal)
  }
}

const readStream = async (onEvent: (event: ServerEvent) => void, outer: AbortSignal) => {
  const silence = new AbortController()
  const signal = AbortSignal.any([outer, silence.signal])
  let timer = setTimeout(() => silence.abort(), SILENCE)
  try {
    const response = await get('/events', signal)
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), SILENCE)
      const taken = takeFrames(rest + part.value)
      rest = taken.rest
      for (const frame of taken.frames) onEvent(eventOf(frame.data))
    }
    if (!outer.aborted) noteSilence() // the server has closed the stream: it is going away
  } catch (error) {
    if (!outer.aborted) console.info('the stream of events has ended, and is opened again', error)
    if (silence.signal.aborted) noteSilence()
  } finally {
    clearTimeout(timer)
  }
}

const eventOf = (data: string): ServerEvent => (JSON.parse(data) as { event: ServerEvent }).event

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    const wake = () => {
      clearTimeout(timer)
      resolve()
    }
    signal.addEventListener('abort', wake, { once: true })
    window.addEventListener('online', wake, { once: true })
  })
