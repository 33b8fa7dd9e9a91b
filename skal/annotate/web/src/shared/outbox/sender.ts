import { isTransient, Problem } from '../api/problem'
import type { ActionResult } from '../api/types'
import { batchOf, waitAfter, type Letter, type Refused } from './model'
import type { Storage } from './storage'

export type Post = (letters: readonly Letter[]) => Promise<ActionResult[]>

export type Hooks = {
  onDone: (letter: Letter, result: ActionResult) => void
  onRefused: (refused: Refused) => void
  onCount: (letters: readonly Letter[]) => void
}

const BATCH = 100

/** Sends letters in their order, one tab at a time, until none is left. */
export class Sender {
  private nFailures = 0
  private timer: ReturnType<typeof setTimeout> | undefined
  private running: Promise<void> | null = null
  private isWanted = false

  constructor(
    private readonly storage: Storage,
    private readonly post: Post,
    private readonly hooks: Hooks,
    private readonly lock: <T>(run: () => Promise<T>) => Promise<T>,
  ) {}

  /** Send what waits, now; returns when it is sent, or the server cannot be reached. */
  flush = (): Promise<void> => {
    clearTimeout(this.timer)
    this.isWanted = true
    this.running ??= this.lock(() => this.run()).finally(() => {
      this.running = null
      return this.isWanted ? this.flush() : undefined // asked for while the lock was given back
    })
    return this.running
  }

  private async run(): Promise<void> {
    while (this.isWanted) {
      this.isWanted = false
      while (await this.sendSome());
    }
  }

  /** Send the letters at the front; return whether to go on. */
  private async sendSome(): Promise<boolean> {
    const letters = batchOf(await this.storage.all(), BATCH)
    if (letters.length === 0) return false
    try {
      const results = await this.post(letters)
      this.nFailures = 0
      await this.take(letters, results)
      return true
    } catch (error) {
      if (isTransient(error)) return this.retryLater()
      if (error instanceof Problem && error.status === 401) return false // until it is opened anew
      if (error instanceof Problem) return this.refuse(letters, error)
      throw error
    }
  }

  private retryLater(): false {
    this.nFailures += 1
    this.timer = setTimeout(() => void this.flush(), waitAfter(this.nFailures))
    return false
  }

  private async take(letters: readonly Letter[], results: readonly ActionResult[]): Promise<void> {
    await this.storage.remove(letters.map(({ seq }) => seq))
    this.hooks.onCount(await this.storage.all())
    letters.forEach((letter, i) => {
      const result = results[i]
      if (result?.problem != null) this.hooks.onRefused(refusedBy(letter, new Problem(result.problem)))
      else if (result !== undefined) this.hooks.onDone(letter, result)
    })
  }

  private async refuse(letters: readonly Letter[], error: Problem): Promise<boolean> {
    await this.storage.remove(letters.map(({ seq }) => seq))
    this.hooks.onCount(await this.storage.all())
    for (const letter of letters) this.hooks.onRefused(refusedBy(letter, error))
    return true
  }
}

const refusedBy = (letter: Letter, error: Problem): Refused => ({
  letter,
  kind: error.kind,
  message: error.message,
  fix: error.fix,
})
