import { create } from 'zustand'
import { Problem } from '../api/problem'

export type Tone = 'info' | 'success' | 'error'
export type Toast = {
  id: number
  tone: Tone
  text: string
  fix?: string | null
  action?: { label: string; run: () => void }
}

export const useToasts = create<{ toasts: readonly Toast[] }>(() => ({ toasts: [] }))

const LIFE: Readonly<Record<Tone, number>> = { info: 5000, success: 4000, error: 12_000 }
const MOST = 4
let last = 0

export const dismissToast = (id: number): void =>
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }))

/** Tell something that is over: it goes away by itself. */
export const toast = (tone: Tone, text: string, more: Omit<Partial<Toast>, 'id'> = {}): void => {
  const id = (last += 1)
  const made = { ...more, id, tone, text }
  useToasts.setState(({ toasts }) => ({
    toasts: [...toasts.filter((other) => other.text !== text), made].slice(-MOST),
  }))
  setTimeout(() => dismissToast(id), LIFE[tone])
}

export const toastError = (error: unknown): void => {
  if (error instanceof Problem) toast('error', error.message, { fix: error.fix })
  else toast('error', error instanceof Error ? error.message : String(error))
}
