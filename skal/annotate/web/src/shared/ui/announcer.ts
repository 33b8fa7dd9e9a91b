import { create } from 'zustand'

/** What a screen reader is told, politely; the number makes a repeated text a new one. */
export const useAnnouncement = create<{ text: string; number: number }>(() => ({
  text: '',
  number: 0,
}))

export const announce = (text: string): void =>
  useAnnouncement.setState(({ number }) => ({ text, number: number + 1 }))
