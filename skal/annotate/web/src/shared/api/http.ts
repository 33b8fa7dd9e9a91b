import createClient from 'openapi-fetch'
import { takeToken } from '../session/token'
import { noteAnswer, noteRefusal, noteSilence } from './connection'
import { problemOf, Unreachable } from './problem'
import type { paths } from './schema'

let token: string | null = null

export const readToken = (): string | null => (token = takeToken(window))

const withToken = (headers?: HeadersInit): Headers => {
  const all = new Headers(headers)
  if (token !== null) all.set('Authorization', `Bearer ${token}`)
  return all
}

/** `fetch` with the token; throws `Unreachable` or `Problem` unless the server agrees. */
export const send = async (request: Request): Promise<Response> => {
  const headers = withToken(request.headers)
  const response = await reach(new Request(request, { headers }))
  if (response.ok) return response
  if (response.status === 401) noteRefusal()
  throw await problemOf(response)
}

const reach = async (request: Request): Promise<Response> => {
  try {
    const response = await fetch(request)
    noteAnswer()
    return response
  } catch (error) {
    if (request.signal.aborted) throw error
    noteSilence()
    throw new Unreachable(error)
  }
}

export const client = createClient<paths>({
  baseUrl: window.location.origin,
  fetch: send,
  headers: { 'Content-Type': 'application/json' },
})

/** The body of an answer, which `send` has made sure of. */
export const bodyOf = async <T>(answer: Promise<{ data?: T }>): Promise<T> => {
  const { data } = await answer
  if (data === undefined) throw new Error('the server sent an empty answer')
  return data
}

export const apiUrl = (path: string): string => `${window.location.origin}/api/v1${path}`

export const get = (path: string, signal?: AbortSignal): Promise<Response> =>
  send(new Request(apiUrl(path), signal === undefined ? {} : { signal }))
