import type { ProblemBody } from './types'

/** An error that the server has explained, as RFC 9457 writes them. */
export class Problem extends Error {
  readonly kind: string
  readonly status: number
  readonly expected: string | null
  readonly found: string | null
  readonly fix: string | null

  constructor(body: Partial<ProblemBody> & { status: number }) {
    super(body.detail ?? body.title ?? `The server answered with ${body.status}.`)
    this.name = 'Problem'
    this.kind = (body.type ?? '').replace('/problems/', '') || 'unknown'
    this.status = body.status
    this.expected = body.expected ?? null
    this.found = body.found ?? null
    this.fix = body.fix ?? null
  }
}

/** That no answer came: the server is gone, or the network is. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super('The server does not answer.', { cause })
    this.name = 'Unreachable'
  }
}

const isBody = (value: unknown): value is Partial<ProblemBody> =>
  typeof value === 'object' && value !== null && 'detail' in value

/** The error that a refused response is. */
export const problemOf = async (response: Response): Promise<Problem> => {
  const text = await response.text()
  const known = parsed(text)
  return new Problem({ ...(isBody(known) ? known : {}), status: response.status })
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null // a proxy has answered, in its own words
    throw error
  }
}

/** Whether sending the same again can help: the server was not there, or not ready. */
export const isTransient = (error: unknown): boolean =>
  error instanceof Unreachable ||
  (error instanceof Problem && (error.status >= 500 || error.status === 429) && error.status !== 507)
